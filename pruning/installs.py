"""Installs in the app: one download at a time in a thread, for all its visitors; progress, cancel, and how each ended.

The bytes come through processes that `install` starts, which end with this one whatever happens to it.
"""

import threading
from contextlib import closing
from dataclasses import dataclass, replace

from .install import install
from .jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, QueueFullError
from .models import check_offered
from .progress import Progress, explain

KEPT_INSTALLS = 50  # ended installs whose end can still be told
CLOSE_SECONDS = 10  # longest wait at the app's end: unpacking cannot be interrupted


@dataclass(frozen=True)
class Install:
    """The install of one model as it stood when this was handed out."""

    model: str
    holders: frozenset[str]  # who asked for it and has not cancelled; each is a token that the caller chooses
    state: str = WAITING  # one of the constants of `jobs`
    progress: Progress | None = None  # in bytes
    error: str = ""  # when failed: a sentence for the user

    @property
    def ended(self) -> bool:
        return self.state in (DONE, CANCELLED, FAILED)


class Installs:
    """Installs the models it is asked for, one after the other. For use from any thread."""

    def __init__(self, max_waiting: int = 8):
        self.max_waiting = max_waiting
        self._lock = threading.Lock()  # guards all below
        self._installs: dict[str, Install] = {}  # by model, in the order of their starts
        self._thread: threading.Thread | None = None  # while something waits or runs
        self._closed = False

    def start(self, model: str, holder: str) -> Install:
        """The install of that model: a new one, or the one that already waits or runs, which has one more holder then.

        ValueError: it is not offered here. QueueFullError: too many wait. What else is wrong with it, its end says.
        """
        check_offered(model)
        with self._lock:
            if self._closed:
                raise RuntimeError("the installs are closed; make new ones")
            found = self._installs.get(model)
            if found and not found.ended:
                return self._update(model, holders=found.holders | {holder})
            if any(holder in i.holders for i in self._installs.values() if i.state == WAITING):
                raise QueueFullError("one of your models waits already; cancel it, or wait until its download starts")
            if self._count(WAITING) >= self.max_waiting:
                raise QueueFullError(f"{self.max_waiting} models wait, no more can; try again when one of them is here")
            for old in [m for m, i in self._installs.items() if i.ended and m != model][:-KEPT_INSTALLS]:
                del self._installs[old]
            self._installs.pop(model, None)  # its place is the last now
            self._installs[model] = Install(model, frozenset({holder}))
            if not self._thread:
                self._thread = threading.Thread(target=self._work, name="installs", daemon=True)
                self._thread.start()
            return self._installs[model]

    def cancel(self, model: str, holder: str) -> None:
        """Gives up that holder's share; the last one stops the install: waiting at once, running within a second."""
        with self._lock:
            found = self._installs.get(model)
            if found and not found.ended and holder in found.holders:
                holders = found.holders - {holder}
                stopped = found.state == WAITING and not holders
                self._update(model, holders=holders, state=CANCELLED if stopped else found.state)

    def all(self) -> list[Install]:
        """As they stand now, in the order of their starts; of each model the last one."""
        with self._lock:
            return list(self._installs.values())

    def close(self) -> None:
        """Ends every install; nothing of them runs afterwards."""
        with self._lock:
            self._closed = True
            for found in self._installs.values():
                if not found.ended:
                    state = CANCELLED if found.state == WAITING else RUNNING
                    self._update(found.model, holders=frozenset(), state=state)
            thread = self._thread
        if thread:
            thread.join(CLOSE_SECONDS)

    def _count(self, state: str) -> int:
        return sum(install.state == state for install in self._installs.values())

    def _update(self, model: str, **changes) -> Install:
        self._installs[model] = replace(self._installs[model], **changes)
        return self._installs[model]

    def _work(self) -> None:
        while model := self._next():
            try:
                with closing(install(model)) as steps:  # closing it ends its process
                    for progress in steps:
                        if not self._goes_on(model, progress):
                            break
                    else:
                        self._end(model, DONE)
            except Exception as error:
                self._end(model, FAILED, explain(error))

    def _next(self) -> str:
        """The model that has waited longest, which runs from now on; '' ends the thread."""
        with self._lock:
            waiting = [install.model for install in self._installs.values() if install.state == WAITING]
            if not waiting:
                self._thread = None
                return ""
            return self._update(waiting[0], state=RUNNING).model

    def _goes_on(self, model: str, progress: Progress) -> bool:
        """Takes a step down; False where nobody wants the model any more, which is its end."""
        with self._lock:
            wanted = bool(self._installs[model].holders)
            self._update(model, progress=progress, state=RUNNING if wanted else CANCELLED)
            return wanted

    def _end(self, model: str, state: str, error: str = "") -> None:
        with self._lock:
            if state == FAILED and not self._installs[model].holders:
                state, error = CANCELLED, ""
            self._update(model, state=state, error=error)
