"""Entry point of `python app.py` and of Spaces: the browser app on its stored results and its one worker."""

from pruning import uploads
from pruning.installs import Installs
from pruning.jobs import JobQueue
from pruning.store import Store
from pruning.ui.app import build_app
from pruning.ui.look import launch_options


def main() -> None:
    store, installs = Store(), Installs()
    jobs = JobQueue(store)
    demo = build_app(store, jobs, installs)
    try:
        demo.launch(prevent_thread_lock=True, **launch_options())
        jobs.warm_up()  # after the page is served: a first run need not wait for torch
        uploads.keep_removing()
        demo.block_thread()
    finally:
        jobs.close()
        installs.close()


if __name__ == "__main__":
    main()
