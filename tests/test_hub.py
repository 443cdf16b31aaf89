"""What the hub says of a model before it is fetched: asked by other processes, which take the tests' hub for the real
one, as huggingface_hub reads its address once.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub import COMMIT, Hub, running

SCRIPT = """
import json, sys
from pruning.hub import look_up
try:
    found = look_up(sys.argv[1])
except (OSError, ValueError) as error:
    print(f"{type(error).__name__}: {error}")
else:
    fields = ("hub_id", "commit", "sizes", "n_layers", "parameters", "license", "download_mb")
    print(json.dumps({name: getattr(found, name) for name in fields} | {"family": found.family.label}))
"""
OTHER = "5" * 40


def ask(hub: Hub, model: str, **environment: str) -> dict | str:
    """What is found, or the error with its sentence."""
    command = [sys.executable, "-c", SCRIPT, model]
    environment = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"} | environment
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, env=hub.environment | environment | hub.environment,
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout.strip()


@pytest.fixture
def hub(files):
    with running(Hub({"a/tiny": files | {"pytorch_model.bin": b"pickle", "modeling.py": b"raise"}})) as hub:
        yield hub


def test_a_model_is_known_before_it_is_fetched(hub, files):
    hub.facts = {"a/tiny": {"safetensors": {"parameters": {"F32": 43_825}, "total": 43_825},
                            "tags": ["bert", "license:apache-2.0"]}}  # fmt: skip
    found = ask(hub, "a/tiny")
    assert found | {"sizes": 0} == {
        "hub_id": "a/tiny",
        "commit": COMMIT,
        "sizes": 0,
        "family": "BERT",
        "n_layers": 4,
        "parameters": 43_825,
        "license": "apache-2.0",
        "download_mb": 0,
    }
    assert found["sizes"] == {name: len(content) for name, content in files.items()}
    assert hub.fetched == ["config.json"]


@pytest.mark.parametrize("dtype, width", [("float32", 4), ("bfloat16", 2), ("float16", 2), (None, 4)])
def test_parameters_that_the_hub_does_not_count_are_estimated_from_the_size(hub, files, dtype, width):
    config = json.loads(files["config.json"]) | {"dtype": dtype}
    hub.models["a/tiny"] = files | {"config.json": json.dumps(config).encode()}
    assert ask(hub, "a/tiny")["parameters"] == len(files["model.safetensors"]) // width


@pytest.mark.parametrize("revision", ["dev", "v1.0", "refs/pr/1", "feature/x+y", COMMIT])
def test_a_revision_is_a_branch_a_tag_a_pull_request_or_a_commit(hub, revision):
    hub.revisions = {name: OTHER for name in ("dev", "v1.0", "refs/pr/1", "feature/x+y")}
    found = ask(hub, f"a/tiny@{revision}")
    assert (found["hub_id"], found["commit"]) == ("a/tiny", COMMIT if revision == COMMIT else OTHER)


GATED = (
    "ValueError: a/tiny is gated, its owner asks to accept terms first; accept its terms on http.*/a/tiny, then set "
)
NOT_THERE = "ValueError: the Hugging Face hub has no model 'a/{}' for you; check the name, and if it is private set HF"


@pytest.mark.parametrize(
    "token, gated, private, told",
    [
        ("", True, False, GATED),
        ("hf_stranger", True, False, GATED),
        ("hf_friend", True, False, None),
        ("", False, True, NOT_THERE.format("tiny")),
        ("hf_stranger", False, True, NOT_THERE.format("tiny")),
        ("hf_friend", False, True, None),
        ("hf_old", False, False, "ConnectionError: .* hub refuses your token; set HF_TOKEN to a valid one, or unset"),
    ],
)
def test_who_may_not_read_a_model_is_told_what_to_do(hub, token, gated, private, told):
    hub.gated, hub.private = {"a/tiny"} if gated else set(), {"a/tiny"} if private else set()
    hub.may_read, hub.invalid = {"hf_friend"}, {"hf_old"}
    found = ask(hub, "a/tiny", HF_TOKEN=token)
    assert found["n_layers"] == 4 if told is None else re_match(told, found)
    assert {sent for _, sent in hub.tokens} == {token}


def re_match(pattern: str, text: str) -> bool:
    import re

    return bool(re.match(pattern, text)) and "\n" not in text


@pytest.mark.parametrize(
    "model, told",
    [
        ("a/nothing", NOT_THERE.format("nothing")),
        ("a/tiny@v9", "ValueError: a/tiny has no revision 'v9' on the hub; give a branch, a tag or a commit, or leave"),
        (
            "a/pickles",
            "ValueError: a/pickles has no safetensors on the hub; .* such as a/pickles@refs/pr/1 if somebody",
        ),
        ("a/t5", "ValueError: layers of architecture 't5' cannot be dropped: it has an encoder and a decoder"),
        ("a/bare", "ValueError: a/bare has no config.json of a usual size on the hub; choose another model"),
        ("a/huge", "ValueError: a/huge has no config.json of a usual size on the hub; choose another model"),
        ("a/damaged", "ValueError: the config.json of a/damaged is damaged .*; choose another model or revision"),
        ("a/list", r"ValueError: the config.json of a/list is damaged \(it is no object\); choose another"),
        ("a/vague", "ValueError: the config.json of a/vague does not say how many layers there are"),
    ],
)
def test_what_cannot_be_used_says_why(hub, model, told):
    weights = {"model.safetensors": b"?"}
    hub.models |= {
        "a/pickles": {"config.json": b"{}", "pytorch_model.bin": b"pickle"},
        "a/t5": weights | {"config.json": b'{"model_type": "t5"}'},
        "a/bare": weights,
        "a/huge": weights | {"config.json": b" " * 1_000_001},
        "a/damaged": weights | {"config.json": b"{"},
        "a/list": weights | {"config.json": b"[]"},
        "a/vague": weights | {"config.json": b'{"model_type": "bert"}'},
    }
    found = ask(hub, model)
    assert re_match(told, found), found


@pytest.mark.parametrize("limit, refused", [("43825", False), ("43.825k", False), ("43824", True), ("1B", False)])
def test_a_model_above_the_limit_is_refused_before_it_is_fetched(hub, limit, refused):
    hub.facts = {"a/tiny": {"safetensors": {"parameters": {"F32": 43_825}, "total": 43_825}}}
    found = ask(hub, "a/tiny", PRUNING_MAX_PARAMETERS=limit)
    if refused:
        assert found.startswith("TooLargeError: a/tiny has 43.8 K parameters, and PRUNING_MAX_PARAMETERS allows 43.8 K")
    else:
        assert found["parameters"] == 43_825


def test_offline_is_told(hub):
    hub.shutdown()
    hub.server_close()
    found = ask(hub, "a/tiny")
    assert re_match(
        r"ConnectionError: cannot fetch a/tiny: the Hugging Face hub is out of reach \(.+\); connect to", found
    )
