import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import VARIANTS, save_tiny

from pruning.families import FAMILIES
from pruning.install import install
from pruning.models import (
    MODELS,
    NotInstalledError,
    fetched_hub_ids,
    installed_folder,
    is_hub_id,
    load_model,
    load_tokenizer,
    resolve,
    stored_name,
)
from pruning.models import home as home_folder
from pruning.parameters import TooLargeError
from pruning.weights import HUB_COMMIT


@pytest.fixture
def folder(tmp_path):
    """A whole model of four layers, to be spoilt."""
    return save_tiny("bert", tmp_path / "mine")


@pytest.mark.parametrize("model_type", VARIANTS)
def test_a_local_folder_of_each_family_is_resolved_and_loaded(model_type, tmp_path):
    weights = resolve(str(save_tiny(model_type, tmp_path / "mine")))
    assert (weights.name, weights.n_layers, weights.family) == ("mine", 4, FAMILIES[VARIANTS[model_type][0]])
    model, tokens = load_model(weights, 3, seed=0), load_tokenizer(weights)(["a film"], return_tensors="pt")
    assert model(**tokens).logits.shape == (1, 3)
    assert len(model.get_submodule(weights.family.layers)) == (1 if weights.family.shared else 4)
    assert not model.training and model.dtype == torch.float32


def test_the_revision_is_the_checksum_of_the_weights(folder):
    before = resolve(str(folder)).revision
    assert before == resolve(str(folder)).revision and len(before) == 64
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert resolve(str(folder)).revision != before


def test_one_label_is_a_regression(folder):
    model = load_model(resolve(str(folder)), 1, seed=0)
    assert model.config.problem_type == "regression"
    assert model(torch.tensor([[2, 5, 3]])).logits.shape == (1, 1)


def test_every_registered_model_says_where_it_comes_from():
    for model in MODELS.values():
        assert "/" in model.hub_id and model.download_mb > 0 and model.n_layers > 0
        assert bool(model.wheels) == bool(model.sha256) == bool(model.folder)


@pytest.mark.parametrize("path", ["/nowhere/at/all", "a/b/c", "./a"])
def test_a_path_that_leads_nowhere_is_no_folder(path, home):
    with pytest.raises(ValueError, match=f"there is no folder {path}; give one with config.json and safetensors"):
        resolve(path)


@pytest.mark.parametrize("name", ["nonsense", "", "x" * 5000])
def test_an_unknown_name_lists_the_names_there_are(name, home):
    with pytest.raises(ValueError, match="unknown model .*; choose one of: minilm-l6, .* a hub id .* or a folder with"):
        resolve(name)


def test_the_home_of_somebody_who_is_not_there_is_told(monkeypatch):
    sentence = "the folder '~nobody-of-that-name/x' cannot be found .*; write its whole path"
    for use in (resolve, stored_name):
        with pytest.raises(ValueError, match=sentence):
            use("~nobody-of-that-name/x")
    monkeypatch.setenv("PRUNING_HOME", "~nobody-of-that-name/x")
    with pytest.raises(ValueError, match=sentence):
        home_folder()


@pytest.mark.parametrize("name", ["minilm-l6", "mpnet-base", "bert-base-uncased"])
def test_a_folder_that_is_called_like_a_registered_model_is_not_taken_for_it(name, tmp_path):
    weights = resolve(str(save_tiny("bert", tmp_path / name)))
    assert (weights.name, weights.n_layers) == (f"local:{name}", 4)


@pytest.mark.parametrize(
    "model, name",
    [
        ("minilm-l6", "minilm-l6"),
        ("owner/name", "owner/name"),
        ("./mine", "mine"),
        ("mine/", "mine"),
        ("some/where/mine", "mine"),
        ("mine", "mine"),
        (" mine ", "mine"),
        ("./bert-base-uncased", "local:bert-base-uncased"),
        ("local:bert-base-uncased", "local:bert-base-uncased"),
        ("owner/name@refs/pr/1", "owner/name@refs/pr/1"),
        ("", ""),
    ],
)
def test_rows_of_a_folder_are_found_by_its_path_even_when_it_is_gone(model, name):
    assert stored_name(model) == name


def test_a_path_gives_the_name_that_its_rows_have(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    (folder.parent / "link").symlink_to(folder)
    for path in (str(folder), "./mine", "mine", "mine/", "../" + folder.parent.name + "/mine", "link"):
        assert stored_name(path) == resolve(path).name == "mine" or path == "link"
    assert stored_name("link") == resolve("link").name


@pytest.mark.parametrize("name", ["{folder}", "/nowhere/at/all", "owner/name", "nonsense", "~/x"])
def test_a_hosted_space_runs_the_listed_models_only_and_tells_nothing_of_its_disk(name, folder, home, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "owner/space")
    for use in (resolve, lambda model: next(install(model))):
        with pytest.raises(ValueError, match="^this hosted app runs the listed models only: minilm-l6, .*; run"):
            use(name.format(folder=folder))
    with pytest.raises(NotInstalledError):  # a listed one is as ever
        resolve("minilm-l6")
    assert not home.exists()


def test_a_hosted_space_with_a_limit_offers_hub_ids_but_no_folders(folder, home, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "owner/space")
    monkeypatch.setenv("PRUNING_MAX_PARAMETERS", "50M")
    monkeypatch.chdir(folder.parent.parent)
    for path in (str(folder), f"./{folder.parent.name}/mine", "nonsense"):
        with pytest.raises(
            ValueError, match="^this hosted app runs the listed models, and hub ids .* of at most 50.0 M"
        ):
            resolve(path)
    for name in ("owner/name", "owner/name@v1", f"{folder.parent.name}/mine"):  # the last is a folder here, none there
        with pytest.raises(NotInstalledError):
            resolve(name)
    with pytest.raises(TooLargeError, match="mpnet-base has 109 M parameters, .* allows 50.0 M here"):
        resolve("mpnet-base")


def test_a_hub_id_may_name_a_revision(home):
    folders = {name: installed_folder(name).name for name in ("a/b", "a/b@v1", "a/b@x/y", "a/b@x--y", "a-b/c@%2F")}
    assert folders == {"a/b": "a--b", "a/b@v1": "a--b@v1", "a/b@x/y": "a--b@x%2Fy", "a/b@x--y": "a--b@x--y",
                       "a-b/c@%2F": "a-b--c@%252F"}  # fmt: skip
    for name in list(folders)[:-1]:
        assert is_hub_id(name)
        save_tiny("bert", installed_folder(name))
        (installed_folder(name) / HUB_COMMIT).write_text("c0ffee\n")
        assert (resolve(name).name, resolve(name).revision) == (name, "c0ffee")
    save_tiny("bert", installed_folder("electra-small"))
    assert fetched_hub_ids() == ["a/b", "a/b@v1", "a/b@x--y", "a/b@x/y"]


@pytest.mark.parametrize("name", ["a/b@", "a/b@x@y", "a/b@x y", "a--b/c", "a/b/c@v1", "../b", "a/..", "a b/c", "a/<b>"])
def test_what_no_hub_id_can_be_is_none(name):
    assert not is_hub_id(name)


def test_a_folder_above_the_limit_is_refused_without_its_weights_being_read(folder, monkeypatch):
    monkeypatch.setenv("PRUNING_MAX_PARAMETERS", "43K")
    with pytest.raises(TooLargeError, match="mine has 43.5 K parameters, and PRUNING_MAX_PARAMETERS allows 43.0 K"):
        resolve(str(folder))
    monkeypatch.setenv("PRUNING_MAX_PARAMETERS", "44K")
    assert resolve(str(folder)).n_layers == 4


@pytest.mark.parametrize("name, size", [("minilm-l6", r" \(83 MB\)"), ("owner/name", "")])
def test_a_model_that_is_not_here_yet_says_how_to_fetch_it(name, size, home):
    with pytest.raises(NotInstalledError, match=f"not on this machine yet; .* models install {name}{size}$"):
        resolve(name)


def test_a_folder_without_weights_is_refused(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="mine holds no weights; save the model with save_pretrained"):
        resolve(str(folder))


def test_a_pickle_is_not_opened(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match="only pytorch_model.bin, which may run code when opened; save the model"):
        resolve(str(folder))


def test_a_folder_without_config_is_refused(folder):
    (folder / "config.json").unlink()
    with pytest.raises(ValueError, match="mine has no config.json; give a folder written by save_pretrained"):
        resolve(str(folder))


@pytest.mark.parametrize(
    "text, sentence",
    [
        ('{"model_type": "bert",', "config.json is not valid JSON .*; write it again with save_pretrained"),
        ("[1, 2]", "config.json is not a model's config; write it again with save_pretrained"),
        *(
            (f'{{"model_type": "bert", "num_hidden_layers": {n}}}', "does not say how many layers .* a whole number")
            for n in ('"twelve"', "null", "[12]", "0", "true", "1.5")
        ),
        ('{"model_type": "bert"}', r"does not say how many layers there are \(num_hidden_layers\); add it"),
        ("{}", "architecture None cannot be dropped: nobody has proven .*; use a model of one of: BERT, RoBERTa"),
        (
            '{"model_type": "t5", "num_layers": 2}',
            "architecture 't5' cannot be dropped: it has an encoder and a decoder",
        ),
        ('{"model_type": "xlm", "n_layers": 2}', "architecture 'xlm' cannot be dropped: .* four separate lists; use"),
        ('{"model_type": "funnel"}', "architecture 'funnel' cannot be dropped: its layers form blocks"),
    ],
)
def test_a_config_that_cannot_be_used_says_why(folder, text, sentence):
    (folder / "config.json").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        resolve(str(folder))


def test_other_weights_under_a_registered_name_are_refused(home):
    save_tiny("bert", installed_folder("minilm-l6"))
    expected = MODELS["minilm-l6"].sha256[:12]
    with pytest.raises(ValueError, match=f"minilm-l6 are damaged: sha256 .*, expected {expected}.* install minilm-l6$"):
        resolve("minilm-l6")


@pytest.mark.parametrize("n_bytes", [0, 4, 1000, -1])
def test_weights_that_are_cut_short_give_a_sentence(folder, n_bytes):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ValueError, match="cannot load .*; fetch or save the model again, as safetensors"):
        load_model(resolve(str(folder)), 2, seed=0)


@pytest.mark.parametrize("field, value", [("hidden_size", 32), ("num_hidden_layers", 5), ("vocab_size", 99)])
def test_weights_that_do_not_fit_the_config_are_not_filled_up_with_random_ones(folder, field, value):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {field: value}))
    with pytest.raises(
        ValueError, match="its weights do not fit its config, .* absent or of another size; fetch or save"
    ):
        load_model(resolve(str(folder)), 2, seed=0)


AUTO_MAP = {name: f"own.Own{name}" for name in ("AutoConfig", "AutoModel", "AutoModelForSequenceClassification")}


def bring_code(folder: Path) -> Path:
    """Gives the model code of its own, which would leave a mark beside it; returns the mark."""
    for name, more in (("config", AUTO_MAP), ("tokenizer_config", {"AutoTokenizer": ["own.OwnTokenizer", None]})):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"auto_map": more}))
    (folder / "own.py").write_text(f"open({str(folder / 'ran')!r}, 'w')")
    return folder / "ran"


def test_code_that_a_model_brings_is_never_run(folder):
    tokens = torch.tensor([[2, 5, 3]])
    before = load_model(resolve(str(folder)), 2, seed=0)(tokens).logits
    ran = bring_code(folder)
    weights = resolve(str(folder))
    assert torch.equal(load_model(weights, 2, seed=0)(tokens).logits, before)
    assert load_tokenizer(weights)("a film").input_ids
    assert not ran.exists()


def test_layers_that_only_code_of_its_own_could_use_are_refused(folder):
    state = load_file(folder / "model.safetensors")
    state |= {f"bert.encoder.layer.{n}.mlp.gate.weight": torch.ones(2, 2) for n in range(4)}
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    assert load_model(resolve(str(folder)), 2, seed=0)  # left over from another version, as ever
    bring_code(folder)
    with pytest.raises(ValueError, match="code of its own, .*layer.0.mlp.gate.weight has no place in BERT; choose"):
        load_model(resolve(str(folder)), 2, seed=0)


@pytest.mark.parametrize("model_type", VARIANTS)
def test_a_folder_without_tokenizer_gives_a_sentence(model_type, tmp_path):
    folder = save_tiny(model_type, tmp_path / "mine")
    for path in folder.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(
        ValueError, match="mine has no usable tokenizer .*; save it there with tokenizer.save_pretrained"
    ):
        load_tokenizer(resolve(str(folder)))


def test_the_default_model_is_what_its_row_says(minilm):
    weights = resolve(str(minilm))
    assert (weights.revision, weights.n_layers) == (MODELS["minilm-l6"].sha256, MODELS["minilm-l6"].n_layers)
