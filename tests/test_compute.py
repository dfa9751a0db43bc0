"""One seam for parallel work: the same outcomes from threads, processes and a Dask cluster, and workers that may die."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from divine import compute
from divine.compute import ComputeError, Workers, cluster, in_process, processes
from divine.records import DivineError
from tests import computing


@pytest.fixture(scope="module")
def local() -> Iterator[LocalCluster]:
    """Two worker processes that are started again when they die, as a cluster's are."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as running:
        yield running


@pytest.fixture(params=["one thread", "threads", "processes", "cluster"])
def workers(request: pytest.FixtureRequest) -> Workers:
    if request.param == "cluster":
        return cluster(request.getfixturevalue("local").scheduler_address)
    return {"one thread": in_process(1), "threads": in_process(3), "processes": processes(2)}[request.param]


def test_every_item_is_done_once(workers: Workers):
    done = list(workers.each(computing.square, range(20)))
    assert sorted(one.item for one in done) == list(range(20))
    assert all(one.result() == one.item**2 for one in done)


def test_an_error_raised_on_purpose_is_the_outcome_of_its_item(workers: Workers):
    done = {one.item: one for one in workers.each(computing.refuse_threes, range(7))}
    assert sorted(number for number, one in done.items() if isinstance(one.outcome, DivineError)) == [0, 3, 6]
    assert len(done) == 7 and done[4].result() == 4
    with pytest.raises(DivineError, match="3: no threes"):
        done[3].result()


def test_a_defect_stops_the_rest_and_is_raised(workers: Workers):
    with pytest.raises(ZeroDivisionError, match="a defect"):
        list(workers.each(computing.break_down, range(1000)))


def test_whoever_stops_listening_ends_the_rest(workers: Workers, tmp_path: Path):
    items = iter([tmp_path / str(number) for number in range(1000)])
    started_s = time.monotonic()
    for _ in workers.each(computing.note, items):
        break
    assert time.monotonic() - started_s < 30
    made = len(list(tmp_path.iterdir()))
    time.sleep(1.0)
    assert made < 100 and len(list(tmp_path.iterdir())) <= made + 4  # those in hand


def test_items_are_taken_as_workers_need_them(workers: Workers):
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    next(iter(workers.each(computing.square, items())))
    assert taken < 100


@pytest.mark.parametrize("kind", ["processes", "cluster"])
def test_a_worker_that_dies_gives_its_item_back(kind: str, tmp_path: Path, request: pytest.FixtureRequest):
    workers = processes(2) if kind == "processes" else cluster(request.getfixturevalue("local").scheduler_address)
    items = [tmp_path / str(number) for number in range(3)]
    done = {one.item: one.result() for one in workers.each(computing.die_once, items)}
    assert set(done) == set(items) and len(set(done.values())) >= 1


def test_an_item_that_kills_every_process_fails_alone():
    done = {one.item: one for one in processes(2).each(computing.die_on_two, range(5))}
    assert {number for number, one in done.items() if isinstance(one.outcome, ComputeError)} == {2}
    assert "2: the processes that took it" in str(done[2].outcome)


def test_a_script_without_a_guard_is_told_of_it(tmp_path: Path):
    script = tmp_path / "unguarded.py"
    script.write_text("from divine.compute import processes\nprint(list(processes(2).each(abs, range(3))))\n")
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment)
    assert done.returncode == 1 and 'under `if __name__ == "__main__":`' in done.stderr and done.stdout == ""


def test_no_process_outlives_a_defect():
    before = set(multiprocessing.active_children())
    with pytest.raises(ZeroDivisionError):
        list(processes(2).each(computing.break_down, range(1000)))
    assert set(multiprocessing.active_children()) == before


def test_processes_share_the_cores():
    (done,) = compute.processes(compute.cores()).each(computing.threads, [0])
    assert done.result() == os.environ.get("OMP_NUM_THREADS", "1")


@pytest.mark.skipif(sys.platform != "linux", reason="parents cannot be watched elsewhere")
def test_processes_die_with_their_parent(tmp_path: Path):
    code = (
        "from pathlib import Path; from divine.compute import processes; from tests import computing;"
        f"[None for _ in processes(2).each(computing.note, (Path({str(tmp_path)!r}) / str(i) for i in range(1000)))]"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    while len(list(tmp_path.iterdir())) < 4:
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    time.sleep(0.5)
    before = len(list(tmp_path.iterdir()))
    time.sleep(1.0)
    assert len(list(tmp_path.iterdir())) == before


def test_a_cluster_is_checked_first(local: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workers = cluster(local.scheduler_address)
    workers.check([tmp_path])
    with pytest.raises(ComputeError, match=r"does not see .*nowhere.*DIVINE_HOME="):
        workers.check([tmp_path / "nowhere"])
    with monkeypatch.context() as patch:
        patch.setenv("DIVINE_HOME", str(tmp_path))
        with pytest.raises(ComputeError, match="does not see DIVINE_HOME"):
            workers.check([])
    monkeypatch.setattr("divine.compute.dask_cluster.code_digest", lambda: "0" * 64)
    with pytest.raises(ComputeError, match="another version of DIVINE"):
        workers.check([])
    with pytest.raises(ComputeError, match="a worker joined that runs another version"):
        [one.result() for one in workers.each(computing.square, [1])]


def test_a_worker_without_divine_is_named(local: LocalCluster):  # the last on this cluster: it stays without
    def forget() -> None:
        import sys

        for name in [name for name in sys.modules if name.partition(".")[0] == "divine"]:
            del sys.modules[name]
        sys.modules["divine"] = None  # type: ignore[assignment]

    with Client(local.scheduler_address, set_as_default=False) as client:
        client.run(forget)
    with pytest.raises(ComputeError, match="cannot import DIVINE"):
        cluster(local.scheduler_address).check([])


def test_an_address_where_nobody_answers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("divine.compute.dask_cluster.ANSWER_S", 0.3)
    with pytest.raises(ComputeError, match="no Dask scheduler answers"):
        cluster("tcp://127.0.0.1:9").check([])


@pytest.mark.parametrize("address", ["garbage", "carrier-pigeon://node1:8786"])
def test_an_address_that_is_none_is_refused_at_once_and_leaves_no_client(monkeypatch: pytest.MonkeyPatch, address: str):
    made: list[object] = []
    monkeypatch.setattr("distributed.Client.__init__", lambda *given, **_: made.append(given))
    before = time.monotonic()
    with pytest.raises(ComputeError, match=f"{address}: no Dask scheduler answers there. Give the address"):
        cluster(address).check([])
    assert not made and time.monotonic() - before < 5
