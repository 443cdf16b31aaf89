"""An outside oracle: mergekit, told to keep the same layers of the same tiny checkpoints, must write the same tensors.

    python benchmarks/mergekit_oracle.py [--venv FOLDER] [--models bert llama]

mergekit is installed from the package index into a virtual environment of its own, with the same torch as here: in
FOLDER, where a later call finds it again, or in a temporary one. The checkpoints are whole classifiers with random
weights. mergekit's `passthrough` gets one slice per kept layer and numbers them anew itself; its tensors are compared
as they come, by name, type, shape and bits, pooler and head included, and so is the number of layers in its config.

mergekit knows the architecture names BertForSequenceClassification and LlamaForSequenceClassification (and those of
RoBERTa, DistilBERT and GPT-2), so nothing is renamed, left out or filled in. Its table has no row for the biases that
some Llama checkpoints have, nor any notion of config lists with an entry per layer: other families are not asked.

Each row also counts with how many of our other kept sets mergekit's tensors agree; that must be none. Exit status 1
where a row is not all equal.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # the project is not installed; `tiny` makes the checkpoints

import torch
from safetensors.torch import load_file
from tiny import save_tiny

from pruning.layers import drop_layers
from pruning.models import load_model, resolve

N_LAYERS = 5
KEPT_SETS = {
    "without the first": (1, 2, 3, 4),
    "without the last": (0, 1, 2, 3),
    "without both": (1, 2, 3),
    "first alone": (0,),
    "last alone": (4,),
    "every other": (0, 2, 4),
    "with gaps": (1, 4),
    "all": (0, 1, 2, 3, 4),
}
MODELS = ("bert", "llama", "roberta", "distilbert", "gpt2")
ROW = "{:<12}{:<20}{:<18}{:>9}{:>8}{:>8}{:>8}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, metavar="FOLDER", help="mergekit's environment, made where it is missing")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS[:2])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mergekit-") as scratch:
        mergekit = install(options.venv or Path(scratch) / "venv")
        print(ROW.format("model", "kept", "", "compared", "equal", "layers", "others"))
        wrong = sum(compare(mergekit, name, Path(scratch) / name) for name in options.models)
    print(f"{wrong} rows are wrong" if wrong else "mergekit writes the same tensors")
    return 1 if wrong else 0


def install(folder: Path) -> Path:
    """mergekit's program in that environment, which is made first where it is missing."""
    program = folder / "bin" / "mergekit-yaml"
    if not program.exists():
        print(f"installing mergekit in {folder} ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        # the build of torch that is in use here, where pip can find it; plain mergekit takes the newest, with CUDA
        torch_here = f"torch=={version('torch').partition('+')[0]}"
        subprocess.run([folder / "bin" / "pip", "install", "-qq", "mergekit", torch_here], check=True)
    shown = [folder / "bin" / "pip", "list", "--format=json"]
    found = {p["name"]: p["version"] for p in json.loads(subprocess.run(shown, check=True, capture_output=True).stdout)}
    print(*(f"{name} {found[name]}" for name in ("mergekit", "transformers", "torch")), sep=", ")
    return program


def compare(mergekit: Path, name: str, folder: Path) -> int:
    """Prints a row per kept set of that model; how many of them are wrong."""
    weights = resolve(str(save_tiny(name, folder / "full", N_LAYERS)))
    model, wrong = load_model(weights, n_labels=2, seed=0), 0
    model.save_pretrained(folder / "full")  # what mergekit reads is what is dropped from here, to the last bit
    ours = {}
    for kept in KEPT_SETS.values():
        drop_layers(model, kept).save_pretrained(folder / "ours")
        ours[kept] = tensors(folder / "ours")
    for title, kept in KEPT_SETS.items():
        theirs, config = keep_with_mergekit(mergekit, folder, kept)
        compared = ours[kept].keys() | theirs.keys()
        equal = [key for key in compared if same(ours[kept].get(key), theirs.get(key))]
        others = [k for k in ours if k != kept and same_tensors(ours[k], theirs)]
        counted = config[weights.family.count]
        print(ROW.format(name, str(kept), title, len(compared), len(equal), counted, len(others)), flush=True)
        wrong += len(equal) < len(compared) or counted != len(kept) or bool(others)
    return wrong


def keep_with_mergekit(mergekit: Path, folder: Path, kept: tuple[int, ...]) -> tuple[dict[str, torch.Tensor], dict]:
    """The tensors and the config that mergekit writes for those layers of the model in `folder`/full."""
    slices = [{"sources": [{"model": str(folder / "full"), "layer_range": [i, i + 1]}]} for i in kept]
    asked, out = folder / "mergekit.yaml", folder / "-".join(map(str, kept))
    asked.write_text(json.dumps({"merge_method": "passthrough", "dtype": "float32", "slices": slices}))  # JSON is YAML
    subprocess.run([mergekit, asked, out, "--quiet", "--no-copy-tokenizer"], check=True)
    return tensors(out), json.loads((out / "config.json").read_text())


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for path in folder.glob("*.safetensors") for name, tensor in load_file(path).items()}


def same(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    """True for two tensors of one type and shape with the same bits."""
    if a is None or b is None or a.dtype != b.dtype or a.shape != b.shape:
        return False
    return a.numpy().tobytes() == b.numpy().tobytes()


def same_tensors(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)


if __name__ == "__main__":
    sys.exit(main())
