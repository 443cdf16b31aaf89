"""A sweep on a real Ray cluster of several nodes on this machine: one dies, one comes late, and all rows are there.

The nodes share this machine's cores; each says it has one.
"""

from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from processes import wait_until
from tiny import save_tiny

from pruning.cluster import run_on_ray
from pruning.plan import Request
from pruning.store import Store

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert"))


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "home", shipped=tmp_path / "nothing")


def kill_a_busy_worker() -> bool:
    """False between two runs, when no worker is busy for a moment, and where the one found has just ended."""
    for process in psutil.process_iter(["cmdline"]):
        if "run_remotely" in " ".join(process.info["cmdline"] or []):
            with suppress(psutil.NoSuchProcess):
                process.kill()
                return True
    return False


def test_all_rows_are_there_and_none_twice_though_a_worker_is_killed_and_a_node_comes_late(cluster, model, store):
    first = cluster.add_node(num_cpus=1)
    asked = [Request(model, "tweets", n_dropped=n, seed=seed, max_train=300) for seed in (0, 1) for n in (0, 1, 2)]
    asked.append(Request(model + "-gone", "tweets", n_dropped=0))
    ended = []
    for outcome in run_on_ray(asked, store, cluster.address):
        ended.append(outcome)
        if len(ended) == 1:
            cluster.add_node(num_cpus=1)
        if len(ended) == 2:
            wait_until(kill_a_busy_worker)
        if len(ended) == 4:
            cluster.remove_node(first, allow_graceful=False)
    assert {request for request, _ in ended} == set(asked) and len(ended) == len(asked)
    errors = {request: error for request, error in ended if error}
    assert list(errors) == [asked[-1]] and "there is no folder" in errors[asked[-1]]
    assert len({run.key for run in store.runs()}) == len(store.runs()) == 6


def test_without_a_cluster_the_address_is_told(store):
    with pytest.raises(ConnectionError, match="no Ray cluster answers at '127.0.0.1:9'; start one with `ray start"):
        list(run_on_ray([Request("any", "tweets")], store, "127.0.0.1:9"))
