"""The app as a program sees it: choices, views and endpoints, on a store of explicit rows."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from gradio_client import Client
from rows import make_minilm_run, save_shipped
from tiny import save_tiny

from pruning.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job, JobQueue
from pruning.models import MODELS
from pruning.plan import Request
from pruning.progress import Progress
from pruning.store import Store
from pruning.strategies import STRATEGIES
from pruning.tasks import TASKS
from pruning.ui import choice as choices
from pruning.ui.app import build_app
from pruning.ui.choice import COMPARED, Choice, as_command, as_query, from_query, settle
from pruning.ui.live import describe_job
from pruning.ui.look import launch_options
from pruning.ui.method import describe_method
from pruning.ui.view import chosen_seed, make_view

ROOT = Path(__file__).parent.parent
BERT = Choice(model="bert-base-uncased")


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


# choices


def test_the_first_choice_is_a_model_and_task_with_stored_runs(store):
    choice, subject = settle(Choice(), store)
    assert (choice.model, choice.task, choice.source, subject.n_layers) == ("minilm-l6", "movie-reviews", "measured", 6)


@pytest.mark.parametrize(
    "given, settled",
    [
        (BERT, {"task": "GLUE average", "source": "sajjad2020"}),
        (replace(BERT, task="sst2", source="wong2022"), {"task": "sst2", "source": "wong2022"}),
        (replace(BERT, task="GLUE average", source="wong2022"), {"source": "sajjad2020"}),  # not reported there
        (Choice(task="GLUE average"), {"task": "movie-reviews"}),  # MiniLM is in no paper
        (Choice(n_dropped=99), {"n_dropped": 5}),
        (Choice(strategy="odd-alternate", n_dropped=5), {"n_dropped": 3}),
        (Choice(strategy="nonsense"), {"strategy": "top"}),
    ],
)
def test_what_does_not_go_together_is_replaced_by_the_nearest_that_does(store, given, settled):
    choice, _ = settle(given, store)
    assert {name: getattr(choice, name) for name in settled} == settled


@pytest.mark.parametrize(
    "choice",
    [
        Choice(task="tweets", strategy="bottom", n_dropped=3),
        Choice(task="tweets", strategy="custom", layers="1,4", budget=1, seed=7, pooling="mean", recipe="standard"),
        replace(BERT, task="sst2", source="wong2022", compare=("top",)),
        Choice(model="owner/name & more", task="tweets", compare=()),
    ],
)
def test_a_link_stands_for_the_same_choice(choice):
    assert from_query(dict(parse_qsl(as_query(choice), keep_blank_values=True))) == choice


def test_what_a_link_cannot_mean_is_passed_over():
    nonsense = {"drop": "many", "budget": "7", "recipe": "none", "pooling": "x", "seed": "-1", "compare": "top,x"}
    assert from_query(nonsense) == Choice(compare=("top",))


@pytest.mark.parametrize(
    "choice, seed, command",
    [
        (Choice(task="tweets"), 0, "--model minilm-l6 --task tweets --strategy top --drop 2"),
        (Choice(model="/my models/x", task="tweets", n_dropped=0), 1,
         "--model '/my models/x' --task tweets --strategy top --drop 0 --seed 1"),
        (Choice(task="tweets", strategy="custom", layers="1, 4", recipe="standard", pooling="mean"), 0,
         "--model minilm-l6 --task tweets --strategy custom --layers 1,4 --recipe standard --similarity mean"),
    ],
)  # fmt: skip
def test_the_command_does_the_same_as_the_button(choice, seed, command):
    assert " ".join(as_command(choice, seed)) == f"python -m pruning run {command}"


def test_every_command_is_understood_by_the_command_line():
    from pruning.__main__ import build_parser

    pieces = as_command(Choice(task="tweets", strategy="custom", layers="1,4", recipe="standard", pooling="mean"), 3)
    options = build_parser().parse_args(" ".join(pieces).split()[3:])
    assert (options.layers, options.seed, options.recipe, options.similarity) == ((1, 4), 3, "standard", "mean")


def test_models_are_marked_by_what_there_is_to_see(store):
    marks = {name: text.rsplit(" · ", 1)[1] for text, name in choices.marked_models(store)}
    assert list(marks) == list(MODELS)
    assert (marks["minilm-l6"], marks["bert-base-uncased"], marks["electra-small"]) == (
        "measured",
        "published",
        "live only",
    )


# views


def test_tiles_curve_stack_sentence_heatmap_and_command_show_the_same_choice(store):
    view = make_view(Choice(strategy="bottom", n_dropped=1), store)
    assert view.tiles["tiles"][0]["number"] == "Bottom · drop 1 → 70.5"
    assert view.tiles["query"].endswith("strategy=bottom&drop=1")
    marker = [shape for shape in view.curve["figure"]["layout"]["shapes"] if shape.get("yref") == "y domain"]
    assert [shape["x0"] for shape in marker] == [1]
    assert [layer["name"] for layer in view.stack["layers"] if layer["off"]] == ["layer 0"]
    assert [trace["x"][0] for trace in view.heatmap["figure"]["data"] if trace.get("name") == "dropped"] == [-0.5]
    assert view.story["lead"] == "Bottom is not the one to choose here:"
    assert "--strategy bottom" in view.action["command"] and "--drop 1" in view.action["command"]


def test_the_subtitle_says_which_recipe_how_many_seeds_and_how_many_texts(store):
    subtitle = make_view(Choice(), store).curve["figure"]["layout"]["title"]["subtitle"]["text"]
    assert "1,000 test texts" in subtitle and "recipe quick" in subtitle and "2 seeds" in subtitle


def test_a_choice_without_a_stored_run_gives_no_number(store):
    view = make_view(Choice(n_dropped=2), store)
    assert view.tiles["tiles"][0] == {"number": "Top · drop 2", "text": "not measured yet: run it live"}
    assert view.tiles["tiles"][1]["number"] == "–"


def test_only_compared_strategies_and_the_one_looked_at_are_drawn(store):
    view = make_view(Choice(compare=("bottom",)), store)
    names = {trace["name"] for trace in view.curve["figure"]["data"]} - {"leader", "seeds"}
    assert names == {"Top", "Bottom"}


def test_contribution_is_drawn_by_the_stored_similarities(store):
    view = make_view(Choice(strategy="contribution", n_dropped=2), store)
    assert [layer["name"] for layer in view.stack["layers"] if layer["off"]] == ["layer 4", "layer 3"]
    assert [layer["cosine"] for layer in view.stack["layers"]] == ["0.60", "0.90", "0.95", "0.90", "0.80", "0.70"]


def test_without_similarities_it_is_not_known_what_contribution_drops(store):
    view = make_view(Choice(task="tweets", strategy="contribution"), store)
    assert "not known" in view.stack["subtitle"] and not any(layer["off"] for layer in view.stack["layers"])
    assert view.action["text"].startswith("Fetches MiniLM first (83 MB). Compares the layers first")


@pytest.mark.parametrize(
    "choice, problem",
    [
        (Choice(strategy="custom", layers="9"), "there is no layer 9; the model's layers are 0 to 5"),
        (Choice(strategy="custom", layers=""), "custom needs the layers to drop"),
        (Choice(strategy="custom", layers="1,1"), "layer 1 is named more than once"),
        (Choice(strategy="custom", layers="a"), "'a' is not a layer"),
        (Choice(model="no such model"), "unknown model 'no such model'"),
        (BERT, "GLUE average is published only"),
    ],
)
def test_what_cannot_be_run_says_why_and_the_button_is_off(store, choice, problem):
    view = make_view(choice, store)
    assert problem in view.action["text"] and view.action["command"] == [] and not view.can_run


def test_published_numbers_are_shown_without_measured_rows_and_can_be_run_where_there_is_data(store):
    view = make_view(replace(BERT, task="sst2", n_dropped=4), store)
    assert view.tiles["tiles"][0]["number"] == "Top · drop 4 → 90.6" and view.rows["title"] == ""
    assert view.can_run and view.action["text"].startswith("Fetches BERT-base first (440 MB).")


def test_the_expected_time_says_what_it_rests_on(store):
    assert (
        "about 50 s (median of 4 runs of this size shipped with this program)"
        in make_view(Choice(n_dropped=1), store).action["text"]
    )
    assert "not known" in make_view(Choice(n_dropped=4), store).action["text"]


def test_an_empty_seed_field_takes_the_next_seed_that_was_not_run(store):
    assert chosen_seed(Choice(n_dropped=1), store) == 2
    assert chosen_seed(Choice(n_dropped=2), store) == 0
    assert chosen_seed(Choice(n_dropped=1, seed=1), store) == 1


def test_a_new_row_is_seen_at_once_and_starred(store):
    choice = Choice(n_dropped=2)
    assert "not measured" in make_view(choice, store).tiles["tiles"][0]["text"]
    store.add(make_minilm_run((0, 1, 2, 3), 78.0))
    view = make_view(choice, store)
    assert view.tiles["tiles"][0]["number"] == "Top · drop 2 → 78.0"
    top = next(trace for trace in view.curve["figure"]["data"] if trace["name"] == "Top")
    assert top["marker"]["symbol"] == ["circle", "circle", "star"]


def test_texts_of_the_user_travel_as_values_and_never_as_html(store):
    view = make_view(Choice(model="<img src=x onerror=alert(1)>"), store)
    assert "<img src=x onerror=alert(1)>" in view.action["text"]  # as typed; the page's templates escape it


def test_the_method_names_every_strategy_task_and_recipe():
    text = describe_method()
    rows = [*STRATEGIES.values(), *TASKS.values()]
    assert all(f"| {row.label} |" in text for row in rows) and "Data card" in text


# endpoints and start


@pytest.fixture
def client(store):
    jobs = JobQueue()
    demo = build_app(store, jobs)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield Client(url, verbose=False, analytics_enabled=False)
    demo.close()
    jobs.close()


def test_programs_find_plan_results_and_run(client, store):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/plan", "/results", "/run"}
    rows = client.predict("minilm-l6", "movie-reviews", api_name="/results")
    assert [row["key"] for row in rows] == [run.key for run in store.runs()]
    assert client.predict("minilm-l6", "tweets", api_name="/results") == []


@pytest.mark.parametrize(
    "arguments, problem",
    [
        ({"model": "no such model", "strategy": "top", "n_dropped": 1}, "unknown model 'no such model'"),
        ({"model": "minilm-l6", "strategy": "sideways", "n_dropped": 1}, "unknown strategy 'sideways'"),
    ],
)
def test_an_impossible_plan_is_answered_with_a_sentence(client, arguments, problem):
    with pytest.raises(Exception, match=problem.replace("'", ".*")):
        client.predict(**arguments, api_name="/plan")


@pytest.mark.slow
def test_a_run_of_a_program_streams_its_progress_and_ends_with_the_run(client, tmp_path):
    folder = str(save_tiny("bert", tmp_path / "tiny-bert"))
    planned = client.predict(model=folder, strategy="top", n_dropped=3, api_name="/plan")
    assert planned["kept"] == [0] and planned["parameters"]["after"] < planned["parameters"]["before"]
    job = client.submit(model=folder, task="movie-reviews", strategy="top", n_dropped=3, api_name="/run")
    events = list(job)
    assert {event.get("stage") for event in events[:-1]} >= {"loading", "training"}
    assert (events[-1]["kept"], events[-1]["task"], events[-1]["n_eval"]) == ([0], "movie-reviews", 1000)
    with pytest.raises(Exception, match="cannot drop 4 of 4 layers"):
        client.predict(model=folder, task="movie-reviews", strategy="top", n_dropped=4, api_name="/run")


def test_looking_at_results_imports_nothing_heavy(tmp_path):
    code = """
import sys
from pruning.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job, JobQueue
from pruning.store import Store
from pruning.ui.app import build_app
from pruning.ui.choice import Choice
from pruning.ui.view import make_view
build_app(Store(), JobQueue())
make_view(Choice(), Store())
make_view(Choice(model="bert-base-uncased"), Store())
heavy = {"torch", "transformers", "datasets", "evaluate", "sklearn", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_the_entry_point_serves_the_page_and_its_own_files_only(home):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | {"GRADIO_SERVER_PORT": str(port)})
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and status(address) != 200:
            time.sleep(0.1)
        assert status(address) == 200
        assert status(f"{address}/lp/page/app.js") == 200 and status(f"{address}/lp/plotly/plotly.min.js") == 200
        assert status(f"{address}/lp/page/..%2f..%2fapp.py") == 404
        assert status(f"{address}/monitoring") == 403
    finally:
        app.terminate()
        app.wait(30)


def status(address: str) -> int | None:
    """HTTP status; None while nobody answers."""
    try:
        return urllib.request.urlopen(address, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def test_views_are_made_for_many_visitors_at_once(store):
    problems = []

    def visit(strategy):
        try:
            for n_dropped in (0, 1, 2):
                view = make_view(Choice(strategy=strategy, n_dropped=n_dropped), store)
                assert STRATEGIES[strategy].label in view.tiles["tiles"][0]["number"] or n_dropped == 0
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=visit, args=(strategy,)) for strategy in COMPARED]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


# how a live run is told

REQUEST = Request("minilm-l6", "tweets", "top", 2, seed=1)


@pytest.mark.parametrize(
    "job, told",
    [
        (Job("1", REQUEST, WAITING, position=2), ("Waiting", "2 before you", None, True)),
        (Job("1", REQUEST, RUNNING), ("Starting", "Top · drop 2, seed 1", None, True)),
        (
            Job("1", REQUEST, RUNNING, progress=Progress("training", 47, 94, 0.5123, 12.4)),
            ("Training", "step 47 of 94 · loss 0.512 · 12 s left · Top · drop 2, seed 1", 50, True),
        ),
        (Job("1", REQUEST, RUNNING, progress=Progress("timing")), ("Timing", "Top · drop 2, seed 1", None, True)),
        (Job("1", REQUEST, CANCELLED), ("Cancelled", "Top · drop 2, seed 1: nothing was stored.", None, False)),
        (Job("1", REQUEST, FAILED, error="the hub is out of reach"),
         ("This run failed", "the hub is out of reach", None, False)),
        (
            Job("1", REQUEST, DONE, run=make_minilm_run((0, 1, 2, 3), 78.04)),
            ("Done: Top · drop 2, seed 1 → 78.0",
             "95% interval 77.0 to 79.0; trained in 40 s; starred on the curve.", None, False),
        ),
    ],
    ids=["waiting", "starting", "training", "timing", "cancelled", "failed", "done"],
)  # fmt: skip
def test_a_live_run_is_told_in_words(store, job, told):
    assert tuple(describe_job(job, store)[name] for name in ("title", "detail", "percent", "running")) == told


def test_a_stored_run_that_was_asked_for_again_is_said_to_be_shipped(store):
    job = Job("1", REQUEST, DONE, run=store.runs()[0])
    assert describe_job(job, store)["detail"].endswith("shipped with this program.")
