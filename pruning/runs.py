"""The records: what is asked (RunSpec), what was measured (all others), and their keys."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime

PRE_TRAINED, FINE_TUNED, AS_IS = "pre-trained", "fine-tuned", "fine-tuned-as-is"
STARTS = {  # start of a run -> what is done; a full model is fine-tuned with the run's own recipe and seed
    PRE_TRAINED: "drop, then fine-tune",
    FINE_TUNED: "fine-tune, drop, then fine-tune again",
    AS_IS: "fine-tune, then drop: no further training",
}


@dataclass(frozen=True)
class RunSpec:
    """One fine-tune-and-score, identified by what is kept and not by the strategy that chose it."""

    model: str
    revision: str  # hub commit, or sha256 of the safetensors
    task: str
    data: str  # fingerprint of the task's texts, labels and split
    kept: tuple[int, ...]  # ascending layer indices
    seed: int
    recipe: dict  # Recipe.values()
    start: str = PRE_TRAINED

    @property
    def key(self) -> str:
        """sha256 of the canonical JSON: equal for equal requests, in any process."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Run:
    """What one run measured. Scores are in percent, times in the unit their name ends with."""

    key: str
    model: str
    revision: str
    task: str
    data: str
    kept: tuple[int, ...]
    n_layers: int
    n_dropped: int
    seed: int
    recipe: dict
    start: str
    metric: str  # the task's main metric; `score` is its value
    score: float
    metrics: dict[str, float]  # every metric of the task, in percent
    interval: tuple[float, float]  # 95% bootstrap interval of the score over the test texts
    n_train: int
    n_eval: int
    parameters: int
    flops: int  # one text's forward pass, of the task's median length
    train_seconds: float  # after the drop; what the full model took before is in that model's run
    latency_ms: dict[str, float]  # batch size -> median of one forward pass
    latency_quartiles_ms: dict[str, tuple[float, float]]  # batch size -> first and third quartile
    history: tuple[float, ...]  # mean training loss of up to 50 equal stretches of the training
    device: str
    versions: dict[str, str]
    created_at: str  # UTC, ISO 8601
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)  # as cost.PARTS -> (parameters, bytes)
    precision: str = "float32"  # of matrix products while training; scores are always measured in float32
    timed_at: str = ""  # when the latency was measured anew; empty: at the end of the run
    timed_on: str = ""  # the device of that

    @property
    def latency_device(self) -> str:
        return self.timed_on or self.device

    @property
    def dropped(self) -> tuple[int, ...]:
        return tuple(i for i in range(self.n_layers) if i not in self.kept)


@dataclass(frozen=True)
class Similarity:
    """Cosine between each layer's input and output over a task's validation texts, for the pre-trained model."""

    model: str
    revision: str
    task: str
    data: str
    pooling: str  # "sentence": the sentence token; "mean": mean of the cosines of all tokens but padding
    mean: tuple[float, ...]  # one value per layer
    std: tuple[float, ...]  # over texts
    n_texts: int
    versions: dict[str, str] = field(default_factory=dict)
    created_at: str = ""
    quartiles: tuple[tuple[float, float, float], ...] = ()  # over texts, one triple per layer; () in older rows
    variation: tuple[float | None, ...] = ()  # one per state, see similarity.variation; () in older rows

    @property
    def key(self) -> str:
        return "|".join((self.model, self.revision, self.task, self.data, self.pooling))


@dataclass(frozen=True)
class LayerMatrix:
    """How alike every two states of the pre-trained model are over a task's validation texts.

    Of L layers there are L + 1 states: state 0 is what the embeddings give, state i + 1 what layer i gives.
    """

    model: str
    revision: str
    task: str
    data: str
    measure: str  # a key of MEASURES
    pooling: str
    matrix: tuple[tuple[float | None, ...], ...]  # (states, states); None: a state that is the same for every text
    n_texts: int
    versions: dict[str, str] = field(default_factory=dict)
    created_at: str = ""

    @property
    def key(self) -> str:
        return "|".join((self.model, self.revision, self.task, self.data, self.measure, self.pooling))


@dataclass(frozen=True)
class Drift:
    """Cosine between the states of the pre-trained and of a run's fine-tuned model, over a task's validation texts.

    State 0 is what the embeddings give; state j + 1 what layer j of the run's model gives, against layer kept[j].
    """

    model: str
    revision: str
    task: str
    data: str
    run: str  # key of the run
    kept: tuple[int, ...]  # this and the next three as the run has them
    seed: int
    recipe: dict
    start: str
    pooling: str
    mean: tuple[float, ...]  # one value per state
    quartiles: tuple[tuple[float, float, float], ...]  # over texts, one triple per state
    n_texts: int
    versions: dict[str, str] = field(default_factory=dict)
    created_at: str = ""

    @property
    def key(self) -> str:
        return f"{self.run}|{self.pooling}"


@dataclass(frozen=True)
class Probe:
    """How well a linear classifier on each state alone does the task: cross-validated, in percent.

    State 0 is what the embeddings give; state j + 1 what layer kept[j] gives.
    """

    model: str
    revision: str
    task: str
    data: str
    pooling: str
    kept: tuple[int, ...]
    metric: str  # the task's main metric
    scores: tuple[float, ...]  # one value per state
    intervals: tuple[tuple[float, float], ...]  # 95% bootstrap over texts, one pair per state
    n_texts: int
    split: str  # the texts are of this split, never of the test split
    versions: dict[str, str] = field(default_factory=dict)
    created_at: str = ""
    run: str = ""  # key of the run whose fine-tuned model this is; '': the pre-trained model
    seed: int | None = None  # this and the next two as the run has them
    recipe: dict = field(default_factory=dict)
    start: str = ""

    @property
    def key(self) -> str:
        return "|".join((self.model, self.revision, self.task, self.data, self.run, self.pooling))

    @property
    def knows_from(self) -> int:
        """The first state within one point of the best: from there on the model knows the task."""
        return next(state for state, score in enumerate(self.scores) if score >= max(self.scores) - 1)


@dataclass(frozen=True)
class Landscape:
    """What every stack of layers would score after fine-tuning, estimated from one training that they all share.

    An estimate is no measurement: it is never joined with runs. A stack is the tuple of its kept layers.
    """

    model: str
    revision: str
    task: str
    data: str
    recipe: dict  # of the runs it estimates
    seed: int
    n_layers: int
    metric: str
    stacks: tuple[tuple[int, ...], ...]
    scores: tuple[float, ...]  # one per stack, in percent, on the test texts of the recipe
    validation: tuple[float, ...]  # the same on validation texts, which alone may choose a stack
    n_eval: int
    n_validation: int
    cost: float  # layers times texts trained, in units of one full fine-tuning with the recipe
    seconds: float  # of training and scoring
    device: str
    precision: str
    versions: dict[str, str]
    created_at: str

    @property
    def key(self) -> str:
        asked = (self.model, self.revision, self.task, self.data, self.seed, self.recipe)
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


POOLINGS = {"sentence": "sentence token", "mean": "mean over tokens"}
MEASURES = {"cosine": "Cosine", "cka": "Linear CKA"}
KINDS = {
    "run": Run,
    "similarity": Similarity,
    "matrix": LayerMatrix,
    "drift": Drift,
    "probe": Probe,
    "landscape": Landscape,
}
Record = Run | Similarity | LayerMatrix | Drift | Probe | Landscape


def to_json(record: Record) -> str:
    """One line of JSON: the record's fields, in their order, and its key."""
    return json.dumps({"key": record.key} | asdict(record), ensure_ascii=False)


def from_json(kind: type, line: str) -> Record:
    """The record of that kind; ValueError where a field is missing. Unknown fields are passed over."""
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError(f"not a {kind.__name__} record: {line[:40]}")
    names = {f.name for f in fields(kind)}
    try:
        return kind(**{k: as_tuples(v) for k, v in values.items() if k in names})
    except TypeError as error:
        raise ValueError(f"not a {kind.__name__} record: {error}") from error


def as_tuples(value):
    """Lists, which JSON knows, as the tuples that records hold."""
    if isinstance(value, list):
        return tuple(as_tuples(v) for v in value)
    return {k: as_tuples(v) for k, v in value.items()} if isinstance(value, dict) else value


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
