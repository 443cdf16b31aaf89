"""Tables of analyses from explicit records."""

import pytest
from rows import FULL, make_drift, make_matrix, make_probe, make_run, make_similarity

from pruning import analysis_frames as tables
from pruning.published import load_drift, load_layer_probes


def test_states_are_named_as_people_count_layers():
    assert tables.state_names((0, 2, 5)) == ["emb", "0", "2", "5"]


def test_spread_is_the_quartiles_of_each_layer_and_older_rows_have_none():
    table = tables.layer_spread(make_similarity(quartiles=((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))))
    assert table.to_dict("list") == {"layer": [0, 1], "low": [0.1, 0.4], "middle": [0.2, 0.5], "high": [0.3, 0.6]}
    assert tables.layer_spread(make_similarity()).empty and tables.layer_spread(None).empty


def test_variation_is_in_percent_by_state_and_older_rows_have_none():
    found = make_similarity((0.9, 0.8), variation=(None, 0.001, 0.5))
    table = tables.variation_table([found, make_similarity()])
    assert table.state.tolist() == ["emb", "0", "1"] and table.share.tolist()[1:] == [0.1, 50]
    assert table.share.isna().tolist() == [True, False, False]


def test_a_matrix_is_named_on_both_sides():
    table = tables.matrix_table(make_matrix(3))
    assert list(table.index) == list(table.columns) == ["emb", "0", "1"] and table.loc["0", "1"] == pytest.approx(0.9)
    assert tables.matrix_table(None).empty


def test_drift_of_a_pruned_model_stands_at_the_layers_it_kept():
    table = tables.drift_table([make_drift((1, 0.9, 0.5), kept=(0, 3))], ["mine"])
    assert table[["row", "state", "cosine"]].to_numpy().tolist() == [
        ["mine", "emb", 1],
        ["mine", "0", 0.9],
        ["mine", "3", 0.5],
    ]


def test_published_drift_and_probes_stand_beside_and_count_from_zero():
    drift = tables.drift_table([], [], ("BERT-base",))
    assert len(drift) == (load_drift().model == "BERT-base").sum()
    assert list(drift.state)[:2] == ["emb", "0"] and set(drift.source) == {"sajjad2020"}
    probes = tables.probe_table([], ("BERT-base",))
    first = load_layer_probes().query("model == 'BERT-base' and layer == 1").score.item()
    assert probes.iloc[0][["state", "score"]].tolist() == ["0", pytest.approx(100 * first)]


def test_probes_are_told_apart_by_whether_the_model_was_fine_tuned():
    table = tables.probe_table([make_probe(), make_probe(run="k" * 64)])
    assert list(dict.fromkeys(table.line)) == ["pre-trained", "fine-tuned"]
    assert table.iloc[0][["state", "score", "low", "high"]].tolist() == ["emb", 55.0, 53.0, 57.0]


def test_worth_is_a_row_per_kept_set_and_fades_what_another_beats():
    runs = [make_run(FULL, 80, seed) for seed in (0, 1)] + [make_run((0, 1, 2), 79), make_run((1, 2, 3), 70)]
    table = tables.value_table(runs, None)
    assert table.strategy.tolist() == ["top", "top", "bottom"]
    assert table.score.tolist() == [80, 79, 70] and table.faded.tolist() == [False, False, True]
    assert table.latency_ms.tolist() == [80, 60, 60] and table.parameters.tolist() == [3, 2.5, 2.5]
    assert tables.value_table([], None).empty


def test_times_of_another_machine_are_not_mixed_in():
    runs = [
        make_run(FULL, 80),
        make_run((0, 1, 2), 79),
        make_run((0, 1, 2), 78, 1, device="slow", latency_ms={"32": 9e3}),
    ]
    assert tables.value_table(runs, None).latency_ms.tolist() == [80, 60]


def test_orders_are_compared_over_the_seeds_that_all_of_them_have():
    kept = (0, 1, 2)
    runs = [make_run(kept, 79, 0), make_run(kept, 77, 1), make_run(kept, 70, 0, start="fine-tuned-as-is"),
            make_run(kept, 60, 0, start="fine-tuned"), make_run((0, 1), 50, 0), make_run(FULL, 80)]  # fmt: skip
    table = tables.order_table(runs, "top", None)
    assert table[["n_dropped", "start", "score", "seeds"]].to_numpy().tolist() == [
        [1, "pre-trained", 79, (0,)],
        [1, "fine-tuned", 60, (0,)],
        [1, "fine-tuned-as-is", 70, (0,)],
    ]
    assert tables.order_table(runs[:2], "top", None).empty and tables.order_table([], "top", None).empty
