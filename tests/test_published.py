"""Numbers from papers: which one counts, which sources there are, what belongs to them."""

import pytest

from pruning import published
from pruning.models import MODELS
from pruning.strategies import STRATEGIES


def score(model, task, strategy, n_dropped, source="sajjad2020"):
    rows = published.scores(model, task, source)
    return rows[(rows.strategy == strategy) & (rows.n_dropped == n_dropped)].iloc[0]


@pytest.mark.parametrize(
    "model, strategy, n_dropped, value, evidence",
    [
        ("BERT-base", "top", 4, 84.19, "derived"),  # the figure says 84.20
        ("BERT-base", "none", 0, 86.19, "derived"),
        ("BERT-base", "bottom", 6, 70.30, "figure-digitised"),  # given in the figure alone
        ("DistilBERT", "odd-alternate", 1, 83.65, "text"),
    ],
)
def test_of_two_numbers_for_one_point_the_printed_one_counts(model, strategy, n_dropped, value, evidence):
    row = score(model, published.AVERAGE, strategy, n_dropped)
    assert (row.score, row.evidence) == (value, evidence)


def test_every_point_of_a_source_comes_once():
    keys = ["model", "task", "strategy", "n_dropped", "source"]
    assert not published.load_scores().duplicated(keys).any()


def test_every_kind_of_evidence_and_every_source_and_strategy_is_explained():
    rows = published.load_scores()
    assert set(rows.evidence) <= set(published.EVIDENCE)
    assert set(rows.source) == set(published.SOURCES)
    assert set(rows.strategy) <= set(STRATEGIES) | {"none", "distilled"}


def test_an_average_that_was_not_printed_is_the_mean_of_the_seven_tasks():
    name, value = published.distilled("RoBERTa-base", published.AVERAGE, "sajjad2020")
    assert (name, value) == (
        "DistilRoBERTa",
        pytest.approx((92.5 + 84.0 + 90.8 + 89.4 + 88.3 + 67.9 + 86.6) / 7, abs=0.01),
    )


@pytest.mark.parametrize(
    "model, task, reference",
    [
        ("BERT-base", "GLUE average", ("DistilBERT", 83.43)),
        ("RoBERTa-base", "SST-2", ("DistilRoBERTa", 92.5)),
        ("XLNet-base", "GLUE average", None),
        ("no such model", "GLUE average", None),
    ],
)
def test_the_distilled_relative_of_a_model(model, task, reference):
    assert published.distilled(model, task, "sajjad2020") == reference


def test_the_replication_is_a_source_of_its_own():
    assert published.sources("BERT-base", "SST-2") == ["sajjad2020", "wong2022"]
    assert published.sources("BERT-base", "GLUE average") == ["sajjad2020"]
    assert published.sources("BERT-base", "COLA") == ["wong2022"]
    assert score("BERT-base", "SST-2", "top", 6, "wong2022").score == 90.48
    assert score("BERT-base", "SST-2", "top", 6, "sajjad2020").score == 90.25


def test_the_average_comes_first_among_the_tasks_of_every_published_model():
    reported = [m.published for m in MODELS.values() if m.published]
    assert reported and all(published.tasks(model)[0] == published.AVERAGE for model in reported)
    assert published.tasks("no such model") == ()


@pytest.mark.parametrize("model, n_dropped, millions", [("BERT-base", 4, 80.0), ("DistilBERT", 0, 66.0)])
def test_what_dropping_saved(model, n_dropped, millions):
    assert published.cost(model, n_dropped, "sajjad2020")["parameters_millions"] == millions


@pytest.mark.parametrize(
    "model, n_dropped, source",
    [("BERT-base", 3, "sajjad2020"), ("RoBERTa-base", 2, "sajjad2020"), ("BERT-base", 4, "wong2022")],
)
def test_a_cost_that_was_not_published_is_missing(model, n_dropped, source):
    assert published.cost(model, n_dropped, source) is None
