"""Tab Method: what is measured and how. Every list is made from the tables the program itself goes by."""

from .. import published
from ..families import FAMILIES
from ..markdown import table
from ..recipes import RECIPES
from ..store import FINDINGS
from ..strategies import PAPER, STRATEGIES
from ..tasks import DATA, TASKS

QUESTION = """## What is measured
A pre-trained transformer is a stack of layers. A **strategy** chooses layers to drop; what is left is a new, smaller
model with copied weights. It is fine-tuned on the training texts of a task and scored once on its test texts. The
**loss in points** is the score of the full model, fine-tuned in the same way, minus the score of the pruned one, seed
by seed, and then the mean over the seeds that both were run with. Where they share none it is mean against mean, and
the sentence below the curve says so.

A run is identified by what was kept, not by the strategy that chose it: strategies that keep the same layers share one
run. Runs with another recipe, other weights or other texts are never joined in one line or one mean.
"""

NUMBERS = """## How to read the numbers
- **Score**: the task's main metric, in percent (a correlation times 100); f1 is that of the positive class, matthews
  the Matthews correlation. Mean over seeds; the ticks on the thick line are the single seeds.
- **Bars**: each run's 95% percentile bootstrap interval over the test texts (1,000 resamples). Where several seeds were
  run, the bar reaches from the lowest to the highest end of their intervals.
- **Clearly** more or less, in the sentence below the curve: the 95% interval of the difference over the test texts
  leaves out 0, with every seed that both were run with (with every pair of seeds, where they share none). It adds the
  two scores' distances to the near ends of their own intervals like the sides of a right angle. So a difference can be
  clear though the bars overlap. Both read the same texts, so this errs on the safe side.
- **Surely**: see *Which strategy wins* below. It is about the seeds, on the test texts used here.
- **Similarity**: the cosine between a layer's input and output in the model before fine-tuning, mean over at most 2,000
  validation texts, of the sentence token or of all tokens but padding. A layer with a high cosine changes little: it
  contributes little. Strategy Contribution drops those first; ties go to the higher layer.
- **States**: what the embeddings give (emb), and what each layer gives, before any final norm. Cosine tells whether
  two states point the same way; linear CKA (Kornblith et al. 2019) whether they tell texts apart alike.
- **Variation**: root mean square distance of a state from its mean over texts, in lengths of that mean, before
  fine-tuning. Near 0 the classifier, which reads the sentence token after the last kept layer, gets nearly the same
  for every text.
- **Drift**: the cosine of a state of the pre-trained model and the same state after fine-tuning. 1: not moved.
- **Probe**: ridge regression on one state alone, 5-fold cross-validated on validation texts, with the same interval as
  a score. The ring marks the first state within one point of the best.
- **Budget**: *Certain*: two seeds or more, and the upper 95% end of each one's loss is within the budget, over the
  test texts, reckoned as for *clearly*. *Observed*: each one's loss, as it came out on these texts, is, and no more
  than that. *Unclear*: the mean alone, or one seed.
- **Landscape**: estimates, not measurements, of what each stack (the layers that are kept) would score if it were
  dropped to and fine-tuned with the chosen recipe. Two models are fine-tuned in which all stacks share their weights,
  with another random stack at each step and a loss at every depth (after LayerDrop, Fan et al. 2020): one for stacks
  that end in the upper half, one for the rest. Then every stack is scored without further training. Single layers of
  the lower half are left out. The tab says how far off the estimates are from the runs there are; they are never
  averaged or joined with runs.
- **Precision**: where the processor multiplies bfloat16 faster, training multiplies in it, with weights in float32;
  each row says so. Runs of both stand in one line. Scores are measured in float32.
- **Order** (under Recipe and seed): drop, then fine-tune; or fine-tune, drop, fine-tune again; or without the last.
- **Inference time**: median time of one forward pass over 1 and over 32 test texts of typical length, of at least 12
  passes and half a second after three to warm up, on the device named in the row.
- **Operations**: of one forward pass over a text of median length; fine-tuning needs three times as many of each text.
- **Fine-tuning time**: wall-clock seconds of the training alone, without loading and scoring, of both trainings where
  there are two; where several runs went on at once, longer than on an idle machine.
- **Tiles** show medians of both over all runs of one device that drop as many layers: layers are alike, so times depend
  on how many are dropped and not on which.
- **At chance**: the correlation of the predictions with the right ones (Matthews, or Spearman for numbers) is at most
  1.96 divided by the square root of the number of test texts, as one of unrelated ones would be in 97.5% of cases.
- **★**: run on this machine, by you or another visitor. All other measured points are shipped with the program.
- **Open markers**: published numbers, never joined or averaged with measured ones.
"""

LIMITS = """## Limits
- Runs of recipe quick are short. With longer fine-tuning scores rise and the order of strategies can differ.
- Intervals cover the choice of test texts, not every source of chance; two seeds say little about their spread.
- Times depend on the machine and on what else it does.
- Published numbers come without intervals, and Sajjad et al. do not say with how many seeds they were made; points read
  off a figure are exact to about 0.05.
"""


RECIPE_COLUMNS = (
    *("recipe", "epochs", "learning rate", "batch", "warm-up", "weight decay", "dropout"),
    *("training texts", "test texts", "most tokens"),
)


def describe_method() -> str:
    """The whole tab as Markdown."""
    return "\n".join(
        [
            QUESTION,
            "## Strategies",
            f"Layers count from 0, nearest the embeddings. The rules follow [this paper]({PAPER}), but for two: its "
            "contribution rule drops every layer above a threshold of similarity, ours as many layers as you ask for, "
            "and Custom is not the paper's.\n",
            "",
            table(("strategy", "drops", "most, of 12 layers"), strategy_rows()),
            "## Recipes",
            "",
            table(RECIPE_COLUMNS, recipe_rows()),
            "AdamW; the rate climbs over the warm-up and then falls to 0, both linearly. Rate and batch of the "
            "first recipe were compared on validation splits, after test scores of an earlier rate had shown it to be "
            "unsteady. The seed fixes the new head and the texts' order.\n",
            "## Tasks",
            "",
            table(("task", "score", "other metrics", "source"), task_rows()),
            NUMBERS,
            "## Architectures",
            "Layers can be dropped from " + ", ".join(family.label for family in FAMILIES.values()) + ".\n",
            LIMITS,
            "## What the shipped runs show",
            FINDINGS.read_text(encoding="utf-8"),
            "## Sources",
            *(f"- [{s.label}]({s.link}): {s.citation}" for s in published.SOURCES.values()),
            "",
            demote((DATA / "README.md").read_text(encoding="utf-8")),
        ]
    )


def strategy_rows() -> list[tuple]:
    return [(s.label, s.drops, s.most(12)) for s in STRATEGIES.values()]


def recipe_rows() -> list[tuple]:
    return [
        (
            *(r.label, r.epochs, f"{r.learning_rate:.0e}", r.batch_size, f"{r.warm_up:.0%}", r.weight_decay),
            "the model's own" if r.dropout is None else f"{r.dropout:g}",
            *(r.max_train or "all", r.max_test or "all", r.max_tokens),
        )
        for r in RECIPES.values()
    ]


def task_rows() -> list[tuple]:
    return [(t.label, t.metrics[0], ", ".join(t.metrics[1:]) or "–", t.source) for t in TASKS.values()]


def demote(markdown: str) -> str:
    """The same text with its headings one level lower."""
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in markdown.splitlines())
