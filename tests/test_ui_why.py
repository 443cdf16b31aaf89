"""What the tabs Similarity, Probes, Budget, Try it and Export show, as plain values; on a store of explicit rows."""

import json
from dataclasses import replace

import pytest
from rows import make_drift, make_landscape, make_matrix, make_minilm_run, make_probe, make_similarity, save_shipped

from pruning import program
from pruning.jobs import DONE, Job
from pruning.models import MODELS
from pruning.plan import DISAGREE, DRIFT, EXPORT, LANDSCAPE, PROBE, SIMILARITY, TRY, Request
from pruning.recipes import RECIPES
from pruning.store import Store
from pruning.ui.budget_view import budget_view
from pruning.ui.choice import Choice, as_python, choose_layers, settle
from pruning.ui.landscape_view import landscape_view
from pruning.ui.point import analysis_action, describe_weights
from pruning.ui.shown import Shown
from pruning.ui.take import typed_texts
from pruning.ui.take_view import describe_export, export_file, try_view
from pruning.ui.view import version
from pruning.ui.why import read_points
from pruning.ui.why_view import probes_view, similarity_view

MINILM = {"model": "minilm-l6", "revision": MODELS["minilm-l6"].sha256}


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


@pytest.fixture
def see(store):
    def see(job=None, **changes) -> Shown:
        choice, subject, topic, _ = settle(Choice(**{"n_dropped": 1} | changes), store)
        return Shown(choice, subject, topic, store, version(store), job)

    return see


def title(value: dict) -> str:
    titles = value["figure"]["layout"]["title"]
    return f"{titles['text']} · {titles['subtitle']['text']}"


def test_what_was_not_measured_says_so_in_every_place(see):
    view = similarity_view(*see(task="tweets").scene, "cosine")
    assert view["story"]["lead"] == "Not measured yet:" and "not measured yet" in title(view["between"])
    assert "not measured yet" in title(probes_view(*see().scene)["probes"])
    view = budget_view(*see(task="tweets").scene, 2)
    assert view["droppable"]["numbers"]["rows"] == [] and view["story"]["lead"] == "Nothing measured here yet:"


def test_similarity_shows_the_matrix_that_was_asked_for_and_the_papers_drift_beside_ours(see, store):
    for record in (make_matrix(7, "cosine", **MINILM), make_matrix(7, "cka", **MINILM),
                   make_drift((1, 1, 1, 0.9, 0.8, 0.7, 0.4), range(6), **MINILM)):  # fmt: skip
        store.add(record)
    view = similarity_view(*see().scene, "cka")
    assert title(view["between"]).startswith("Linear CKA of every two states")
    assert "MiniLM on Movie reviews before fine-tuning, sentence token, 100 validation texts" in title(view["between"])
    rows = {row[0] for row in view["drift"]["numbers"]["rows"]}
    assert "MiniLM, Movie reviews, kept 0–5, seed 0" in rows and any("BERT-base" in row for row in rows)
    assert view["story"]["lead"] == "Layer 5 changes its input most, layer 3 least:"


def test_variation_of_both_poolings_is_drawn_and_the_last_kept_state_ringed(see, store):
    store.add(make_similarity((0.9,) * 6, pooling="mean", variation=(0.7,) * 6 + (1.32,), **MINILM))
    value = similarity_view(*see(n_dropped=3).scene, "cosine")["variation"]
    lines = {trace["name"]: trace for trace in value["figure"]["data"]}
    assert lines["sentence token"]["y"][:4] == [None, 0.3, 0.3, 0.12] and lines["mean over tokens"]["y"][6] == 132
    assert (lines["last kept"]["x"], lines["last kept"]["y"]) == ([3], [0.12])  # layer 2
    assert "ringed" in title(value) and len(value["numbers"]["rows"]) == 14
    assert "not measured yet" in title(similarity_view(*see(task="tweets").scene, "cosine")["variation"])


def test_only_the_chosen_pooling_is_shown(see, store):
    store.add(make_matrix(7, pooling="mean", **MINILM))
    assert "not measured yet" in title(similarity_view(*see().scene, "cosine")["between"])
    assert "mean over tokens" in title(similarity_view(*see(pooling="mean").scene, "cosine")["between"])


def test_probes_prefer_the_fine_tuned_model_of_the_chosen_layers(see, store):
    scores = (50, 60, 70, 80, 80.5, 81, 81)
    for record in (make_probe(scores, range(6), **MINILM), make_probe(scores, range(6), run="f" * 64, **MINILM),
                   make_probe((50, 60, 70, 90, 90, 90), range(5), run="p" * 64, **MINILM)):  # fmt: skip
        store.add(record)
    assert "fine-tuned: kept 0–4" in title(probes_view(*see().scene)["probes"])
    assert "fine-tuned: kept 0–5" in title(probes_view(*see(strategy="bottom").scene)["probes"])
    assert "from state 2 on" in probes_view(*see().scene)["story"]["text"]


def test_a_budget_is_told_in_a_sentence_a_table_and_two_figures(see):
    view = budget_view(*see().scene, 1.5)
    assert view["story"]["lead"] == "A loss of 1.5 points buys 1 of 6 layers:" and "Top" in view["story"]["text"]
    top = view["droppable"]["numbers"]["rows"][0]
    assert (
        top[:4] == ["Top", 1, "5", 1.0] and view["droppable"]["title"] == "Most layers that a loss of 1.5 points buys"
    )
    assert view["latency"]["figure"]["data"] and view["parameters"]["figure"]["data"]
    assert view["published"]["numbers"]["columns"] == ["Model", "Task", "1 point", "2 points", "3 points"]


@pytest.mark.parametrize(
    "typed, points", [("", 2), (None, 2), ("0.5", 0.5), ("0,5", 0.5), ("-1", 2), ("many", 2), ("nan", 2)]
)
def test_another_loss_counts_where_it_is_one(typed, points):
    assert read_points(typed, 2) == points


@pytest.mark.parametrize("action", [SIMILARITY, PROBE, DRIFT, EXPORT])
def test_every_command_of_a_tab_is_understood_and_its_python_can_be_read(see, action):
    from pruning.__main__ import build_parser

    told = analysis_action(see(strategy="custom", layers="1,4"), action)
    options = build_parser().parse_args(" ".join(told["command"]).split()[3:])
    assert options.command == action and options.model == "minilm-l6"
    compile(told["python"], "copied", "exec")


def test_the_python_code_names_the_same_point():
    request = Request("minilm-l6", "tweets", "custom", layers=(1, 4), seed=2)
    text = as_python(request)
    assert "Request('minilm-l6', 'tweets', 'custom', layers=(1, 4), seed=2)" in text
    compile(text, "copied", "exec")


def test_a_tab_says_how_long_the_training_takes_unless_weights_are_kept(see, store):
    assert describe_weights(see()).startswith("Takes seed 0 (as it was run). No weights of it are kept here")
    assert analysis_action(see(task="sst2"), PROBE)["text"].startswith(
        "Fetches MiniLM (83 MB) and the texts of SST-2 from the hub, which needs the network first."
    )
    assert "the full model" in describe_weights(see(), both=True)
    assert analysis_action(see(strategy="custom", layers="9"), TRY)["problem"]


@pytest.mark.parametrize(
    "layers, becomes",
    [
        ([5, 4, 0], ("custom", 3, "0,4,5")),
        ([5], ("custom", 1, "5")),
        ([], ("top", 0, "")),  # nothing is dropped any more
        ([6], ("top", 2, "")),  # there is none
        ([0, 1, 2, 3, 4, 5], ("top", 2, "")),  # one has to stay
        (["0"], ("top", 2, "")),  # the page may send anything
        (None, ("top", 2, "")),
        ({"0": 1}, ("top", 2, "")),
    ],
)
def test_clicks_on_layers_choose_them(layers, becomes):
    found = choose_layers(Choice(), layers, 6)
    assert (found.strategy, found.n_dropped, found.layers) == becomes


ROW = {"text": "what a film", "label": 1, "full": [0.1, 0.9], "pruned": [0.6, 0.4]}
DOCUMENT = {"classes": ["negative", "positive"], "runs": {}, "kept": [0, 1], "rows": [ROW]}


def job(action: str, result: dict) -> Job:
    return Job("1", Request("minilm-l6", "tweets", "top", 4), DONE, result=result, action=action)


def test_two_models_are_shown_side_by_side(see):
    view = try_view(see(job(TRY, DOCUMENT | {"latency_ms": {"full": 8.0, "pruned": 2.0}})))
    assert "4.00 times as fast" in view["story"]["text"]
    assert view["rows"]["numbers"]["rows"] == [
        ["what a film", "positive", "positive 90.0%", "negative 60.0%", "50.0 points"]
    ]
    assert "minilm-l6 on Tweets, Top · drop 4, seed 0; kept 0, 1" in view["rows"]["subtitle"]


def test_a_pair_and_a_number_are_shown_too(see):
    row = {"text": ["one", "two"], "label": 1.5, "full": [1.234], "pruned": [0.5]}
    document = {"classes": [], "runs": {}, "kept": [0], "rows": [row], "n_texts": 100, "mean_difference": 0.4}
    view = try_view(see(job(DISAGREE, document)))
    assert view["rows"]["numbers"]["rows"] == [["one ‖ two", 1.5, 1.23, 0.5, 0.73]]
    assert "0.40 apart on average" in view["story"]["text"]


def test_disagreement_is_told_with_who_is_right(see):
    counts = {"n_texts": 1000, "n_differ": 90, "full_right_alone": 55, "pruned_right_alone": 35}
    text = try_view(see(job(DISAGREE, DOCUMENT | counts)))["story"]["text"]
    assert text.startswith("on 90 of 1,000 test texts") and "55 times" in text and "35 times" in text


def test_without_a_comparison_nothing_is_shown(see):
    for one in (None, replace(job(TRY, DOCUMENT), state="failed")):
        assert try_view(see(one))["rows"]["numbers"] is None


def test_an_export_is_offered_while_its_file_is_there(see, tmp_path):
    (tmp_path / "m.zip").write_bytes(b"zip")
    done = job(EXPORT, {"file": str(tmp_path / "m.zip"), "megabytes": 1})
    assert (export_file(see(done))["name"], export_file(see(done))["earlier"]) == ("m.zip", "the one made earlier, ")
    assert export_file(see(done, task="tweets", n_dropped=4))["earlier"] == ""
    (tmp_path / "m.zip").unlink()
    assert export_file(see(done)) is None and export_file(see()) is None
    story = describe_export(see())["story"]
    assert story["lead"] == "MiniLM for Movie reviews, kept 0–4:"
    assert story["unknown"].startswith("It takes seed 0, which scored 79.0; seed 1: 80.0.")


@pytest.mark.parametrize("view", [similarity_view, probes_view, budget_view])
def test_what_a_tab_sends_is_plain_and_small(view, tmp_path):
    choice, subject, topic, _ = settle(Choice(), shipped := Store(tmp_path))
    more = {similarity_view: ("cosine",), budget_view: (2,)}.get(view, ())
    value = view(choice, subject, topic, shipped, version(shipped), *more)
    assert len(json.dumps(value)) < 300_000


def test_runs_of_another_start_stand_in_their_own_line(see, store):
    store.add(replace(make_minilm_run((0, 1, 2, 3), 71.0), start="fine-tuned-as-is", key="x" * 64))
    shown = see(start="fine-tuned-as-is")
    view = budget_view(*shown.scene, 10)
    assert view["droppable"]["numbers"]["rows"][0][:2] == ["Top", 2]  # counted from the full model's own run


def test_drift_of_another_recipe_or_order_is_not_mixed_in(see, store):
    standard = RECIPES["standard"].values()
    for record in (make_drift((1,) * 7, range(6), **MINILM),
                   make_drift((0,) * 7, range(6), **MINILM | {"run": "s" * 64, "recipe": standard}),
                   make_drift((0.5,) * 7, range(6), **MINILM | {"run": "a" * 64, "start": "fine-tuned"})):  # fmt: skip
        store.add(record)
    cells = [similarity_view(*see(**c).scene, "cosine")["drift"]["figure"]["data"][0]["z"][0][:7]
             for c in ({}, {"recipe": "standard"}, {"start": "fine-tuned"})]  # fmt: skip
    assert cells == [[1] * 7, [0] * 7, [0.5] * 7]


def test_every_fact_of_the_budgets_sentence_is_of_one_strategy(see):
    view = budget_view(*see().scene, 1.5)
    told = "Top loses 1.00, and is within with every seed. No size that was run is certain."
    assert view["story"]["text"].startswith(told)


def test_the_budgets_sentence_names_what_is_certain_where_the_most_is_not(see, store):
    for seed in (0, 1):
        store.add(make_minilm_run((0, 1, 2, 3), 78 + seed, seed))
    view = budget_view(*see().scene, 3)
    told = "Top loses 2.00, and is within with every seed. With 1 dropped it certainly is."
    assert view["story"]["text"].startswith(told)
    numbers = view["droppable"]["numbers"]
    assert [row[numbers["columns"].index("Most certain")] for row in numbers["rows"]] == [1, 1, 0]


@pytest.mark.parametrize("task, typed, texts", [
    ("movie-reviews", (" a film ", "left over"), (("a film",),)),
    ("mrpc", ("one", "two"), (("one", "two"),)),
])  # fmt: skip
def test_as_many_texts_are_tried_as_the_task_has(see, task, typed, texts):
    assert typed_texts(see(task=task), *typed) == texts


@pytest.mark.parametrize("task, typed, problem", [
    ("movie-reviews", ("", "left over"), "write a text first"),
    ("mrpc", ("one", None), "write both texts first"),
    ("movie-reviews", ("x" * 5001, None), "a text may have 5,000 characters, this one has 5,001; cut it"),
])  # fmt: skip
def test_a_text_that_is_absent_or_too_long_is_told(see, task, typed, problem):
    with pytest.raises(ValueError, match=problem):
        typed_texts(see(task=task), *typed)


def test_the_python_of_an_upload_names_the_file_alone():
    request = Request("minilm-l6", "/home/visitors/abc/files/1/reviews.csv", "top", 2, scope="a" * 32)
    assert "'reviews.csv'" in as_python(request) and "visitors" not in as_python(request)


def test_the_parts_of_the_choice_are_told_where_a_run_of_its_size_has_them(see, store):
    assert budget_view(*see().scene, 2)["parts"]["numbers"]["rows"] == []
    parts = {"embeddings": (2_000_000, 8_000_000), "layers": (1_000_000, 4_000_000), "head": (500_000, 2_000_000)}
    store.add(replace(make_minilm_run((0, 2, 3, 4, 5), 77.0, 3), parts=parts, parameters=3_500_000))
    assert budget_view(*see().scene, 2)["parts"]["numbers"]["rows"][0] == ["embeddings", 2_000_000, 8.0, "57%"]


def test_a_budget_can_be_copied_as_a_command_and_as_python(see):
    from pruning.__main__ import build_parser

    told = budget_view(*see().scene, 1.5)["action"]
    options = build_parser().parse_args(" ".join(told["command"]).split()[3:])
    assert (options.command, options.points, options.task) == ("budget", 1.5, "movie-reviews")
    compile(told["python"], "copied", "exec")


def test_a_landscape_tells_the_choice_the_best_and_how_far_off_it_is(see, store):
    assert landscape_view(*see().scene)["story"]["lead"] == "Not estimated yet:"
    estimates = {tuple(range(6)): (82.0, 81.0), tuple(range(5)): (80.0, 79.0), (1, 2, 3, 4, 5): (79.0, 80.0)}
    (fingerprint,) = {run.data for run in store.runs("minilm-l6", "movie-reviews")}
    store.add(make_landscape(estimates, n_layers=6, data=fingerprint, **MINILM))
    view = landscape_view(*see().scene)
    assert view["story"]["lead"] == "Kept 0–4: estimated 80.0, measured 79.5 (2 seeds)."
    assert view["story"]["text"].startswith("Of as many layers 1–5 is estimated best on validation texts, 79.0 here.")
    assert view["story"]["unknown"].startswith("Estimates, not measurements:")
    assert [row[1] for row in view["best"]["numbers"]["rows"]] == ["0–5", "1–5"]
    assert "seed 0, 1,000 test texts · open: estimates" in title(view["stacks"])
    assert "not estimated yet" in title(landscape_view(*see(seed=3).scene)["stacks"])
    told = landscape_view(*see(n_dropped=5).scene)["story"]
    assert told["lead"] == "The chosen stack is not among them:"


def test_the_landscape_button_says_what_it_costs_and_gives_the_command(see):
    told = analysis_action(see(), LANDSCAPE)
    assert "about four to five times as long as the full model's run" in told["text"]
    assert told["command"][0] == f"{program()} landscape" and 'ANALYSES["landscape"]' in told["python"]
