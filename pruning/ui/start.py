"""Where a visit starts: the view of a newcomer, and links to others that are worth a look."""

from html import escape

from ..frames import comparable
from ..published import AVERAGE
from ..store import Store
from .choice import Choice, as_query
from .topics import find_topic
from .tradeoff import TAB

# half of a model of twelve layers beside a distilled one of six: the paper's question in one picture, and few lines
FEW = ("top", "even-alternate", "odd-alternate", "symmetric")
HALVED = Choice("mpnet-base", "movie-reviews", n_dropped=6, recipe="subset", compare=FEW)
FIRST_VIEWS = {  # label -> choice and tab
    "A 12-layer model, halved": (HALVED, TAB),
    "A 6-layer model, halved": (Choice(task="movie-reviews", n_dropped=3, recipe="standard"), TAB),
    "More training texts, another order": (Choice(task="movie-reviews", n_dropped=3, recipe="standard"), "training"),
    "The paper's BERT": (Choice("bert-base-uncased", AVERAGE, n_dropped=4), TAB),
    "Run one yourself": (Choice(task="tweets", n_dropped=3), TAB),
}


def first_choice(store: Store) -> Choice:
    """The newcomer's view, where its runs are shipped; else the first model as it comes."""
    store = store.without_own()  # which may be damaged, and the view says so
    runs = comparable(store.runs(HALVED.model, find_topic(HALVED.task).key), HALVED.recipe)
    return HALVED if any(run.n_dropped == HALVED.n_dropped for run in runs) else Choice()


def links() -> str:
    """HTML of the links, for the header."""
    queries = ((label, as_query(choice) + f"&tab={tab}" * (tab != TAB)) for label, (choice, tab) in FIRST_VIEWS.items())
    return " · ".join(f'<a href="?{escape(query)}">{escape(label)}</a>' for label, query in queries)
