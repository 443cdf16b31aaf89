"""Tables for reading: every number of a figure once, every run traceable to its key."""

from rows import make_run, make_similarity

from pruning import tables
from pruning.curve import measured_curve, published_curve
from pruning.frames import similarity_table

RUNS = [make_run(), make_run(seed=1, score=81), make_run((0, 1, 2), 78)]


def test_the_curves_numbers_give_the_full_model_once():
    table = tables.curve_numbers(measured_curve(RUNS, None))
    assert table.Strategy.tolist() == ["Full model", "Top", "Even alternate"]
    assert table["Score"].tolist() == [80.5, 78, 78] and table["Loss, points"].tolist() == [0, 2, 2]
    assert table.Which.tolist() == ["none", "3", "3"]


def test_published_numbers_name_their_source_and_evidence():
    table = tables.curve_numbers(published_curve("BERT-base", "GLUE average", "sajjad2020"))
    row = table[(table.Strategy == "Bottom") & (table["Layers dropped"] == 6)].iloc[0]
    assert (row.Source, row.Evidence) == ("Sajjad et al. 2020, Figure 2", "read off a figure, about 0.05 points")
    assert row.Which == "not published"


def test_every_run_is_a_row_with_its_loss_strategies_and_key():
    table = tables.run_rows(RUNS, measured_curve(RUNS, None), lambda run: run == RUNS[2])
    assert table.Run.tolist() == [run.key[:12] for run in RUNS]
    assert table.Strategies.tolist() == ["Full model", "Full model", "Top, Even alternate"]
    assert table.Loss.tolist() == [0, 0, 2]
    assert table.From.tolist() == ["shipped", "shipped", "this machine"]


def test_a_run_whose_seed_has_no_full_model_has_no_loss():
    runs = [make_run(), make_run((0, 1, 2), seed=5)]
    assert tables.run_rows(runs, measured_curve(runs, None), lambda run: False).Loss.isna().tolist() == [False, True]


def test_empty_tables():
    assert tables.curve_numbers(measured_curve([], None)).empty
    assert tables.run_rows([], measured_curve([], None), lambda run: False).empty
    assert tables.similarity_numbers(similarity_table([], "sentence", ""), {}).empty


def test_the_similarities_with_the_readers_name_of_the_task():
    table = similarity_table([make_similarity()], "sentence", make_similarity().revision)
    numbers = tables.similarity_numbers(table, {"movie-reviews": "Movie reviews"})
    assert numbers.Task.unique().tolist() == ["Movie reviews"]
    assert numbers["Mean cosine"].tolist() == [0.7, 0.8, 0.95, 0.9]
