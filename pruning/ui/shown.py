"""What a tab shows something of."""

from dataclasses import dataclass

from ..jobs import Job
from ..store import Store
from .choice import Choice, Subject
from .topics import Topic
from .view import look_up


@dataclass(frozen=True)
class Shown:
    """What a tab shows something of: a settled choice, and the visitor's last job."""

    choice: Choice
    subject: Subject
    topic: Topic
    store: Store  # scoped as the topic is
    stored: tuple  # its version
    job: Job | None

    @property
    def dropped(self) -> tuple[int, ...] | None:
        return look_up(*self.scene)[1]

    @property
    def scene(self) -> tuple:
        """What the cached views go by."""
        return self.choice, self.subject, self.topic, self.store, self.stored
