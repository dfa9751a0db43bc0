"""Jobs outlive whoever asked and whoever works: checked with real processes, real signals and a worker of little files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from divine.jobs.errors import JobError
from divine.jobs.lock import is_held, take
from divine.jobs.queue import Queue
from divine.jobs.records import DIED, Job, Order

WORKER = "tests.job_worker"


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "jobs", WORKER)


def order(place: Path, *, units: int = 3, seconds: float = 0.01, kind: str = "units", device: str = "cpu") -> Order:
    return Order(kind, {"place": str(place), "units": units, "seconds": seconds}, "three <units>", device)


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def over(queue: Queue, job: Job) -> Job:
    until(lambda: not queue.get(job.id).active)
    return queue.get(job.id)


def gone(queue: Queue, job: Job) -> None:
    """Wait until the job is over and its worker has let go."""
    over(queue, job)
    until(lambda: not is_held(queue.folder(job.id).lock))


def notes(place: Path) -> list[tuple[float, str]]:
    lines = (place / "notes").read_text().splitlines() if (place / "notes").exists() else []
    return [(float(at), what) for at, what in (line.split(" ", 1) for line in lines)]


def begun(place: Path, unit: int) -> bool:
    return any(what == f"begin {unit}" for _, what in notes(place))


def workers(queue: Queue, job: Job) -> list[int]:
    """Return the process of every worker that this job has had, from its events."""
    import json

    lines = (queue.root / job.id / "events.jsonl").read_text().splitlines()
    return [line["pid"] for line in map(json.loads, lines) if line["event"] == "running"]


def test_a_job_goes_on_after_whoever_asked_has_gone(queue: Queue, tmp_path: Path):
    asked = order(tmp_path / "out", seconds=0.2)
    script = (
        "import sys; from pathlib import Path; from divine.jobs.queue import Queue; from divine.jobs.records import Order;"
        "print(Queue(Path(sys.argv[1]), sys.argv[2]).submit(Order.from_json(sys.stdin.buffer.read())).id)"
    )
    asker = subprocess.Popen(
        [sys.executable, "-c", script, queue.root, WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    said, _ = asker.communicate(asked.to_json())
    with pytest.raises(ProcessLookupError):
        os.killpg(asker.pid, signal.SIGKILL)  # its whole group has gone: the worker is in a session of its own
    (job,) = queue.all()
    assert job.id == said.decode().strip() and job.order == asked
    done = over(queue, job)
    assert (done.status.state, done.status.stage, done.status.done, done.status.total) == ("done", "units", 3, 3)
    assert done.status.queued_s <= done.status.started_s <= done.status.ended_s
    assert [what for _, what in notes(tmp_path / "out")] == [f"{what} {unit}" for unit in range(3) for what in ("begin", "end")]


def test_a_worker_that_was_killed_is_noticed_and_gone_on_with(queue: Queue, tmp_path: Path):
    place = tmp_path / "out"
    job = queue.submit(order(place, seconds=0.3))
    until(lambda: begun(place, 1))
    os.kill(workers(queue, job)[0], signal.SIGKILL)
    until(lambda: not is_held(queue.folder(job.id).lock))
    assert (queue.get(job.id).status.state, queue.get(job.id).status.message) == ("interrupted", DIED)
    assert queue.folder(job.id).status().state == "running"  # its last word: what is shown is derived
    assert queue.resume(job.id).status.state == "queued"
    assert over(queue, job).status.state == "done"
    assert [what for _, what in notes(place)] == ["begin 0", "end 0", "begin 1", "begin 1", "end 1", "begin 2", "end 2"]
    assert queue.resume(job.id).status.state == "done" and len(workers(queue, job)) == 2


def test_one_at_a_time_per_device_in_the_order_of_asking(queue: Queue, tmp_path: Path):
    places = [tmp_path / name for name in "abc"]
    first, second = (queue.submit(order(place, units=1, seconds=0.6)) for place in places[:2])
    elsewhere = queue.submit(order(places[2], units=1, seconds=0.6, device="cuda:0"))
    until(lambda: begun(places[0], 0))
    assert queue.get(second.id).status.state == "queued"
    for job in (first, second, elsewhere):
        assert over(queue, job).status.state == "done"
    (_, a_end), (b_begin, _), (c_begin, _) = [(notes(p)[0][0], notes(p)[1][0]) for p in places]
    assert a_end <= b_begin and c_begin < b_begin


def test_the_queue_goes_on_when_the_worker_before_is_killed(queue: Queue, tmp_path: Path):
    first, second, third = (queue.submit(order(tmp_path / name, units=1, seconds=0.3)) for name in "abc")
    until(lambda: begun(tmp_path / "a", 0))
    os.kill(workers(queue, first)[0], signal.SIGKILL)
    assert over(queue, second).status.state == over(queue, third).status.state == "done"
    assert notes(tmp_path / "b")[1][0] <= notes(tmp_path / "c")[0][0]
    assert queue.get(first.id).status.state == "interrupted"


def test_cancel_stops_the_running_and_the_waiting_and_keeps_what_is_finished(queue: Queue, tmp_path: Path):
    place = tmp_path / "out"
    place.mkdir()
    (place / "unit0").touch()
    running, waiting = queue.submit(order(place, seconds=60)), queue.submit(order(tmp_path / "other"))
    until(lambda: begun(place, 1))
    for job in (waiting, running):
        stopped = queue.cancel(job.id)
        assert stopped.status.state == "interrupted" and "Cancelled" in stopped.status.message
        assert not is_held(queue.folder(job.id).lock)
    assert sorted(path.name for path in place.glob("unit*")) == ["unit0"] and not (tmp_path / "other").exists()
    assert queue.cancel(running.id).status.state == "interrupted"


def test_a_job_that_does_not_listen_is_ended(queue: Queue, tmp_path: Path):
    job = queue.submit(order(tmp_path / "out", seconds=60, kind="deaf"))
    until(lambda: begun(tmp_path / "out", 0))
    assert queue.cancel(job.id).status.state == "interrupted"


def test_two_who_resume_at_once_start_one_worker(queue: Queue, tmp_path: Path):
    job = queue.submit(order(tmp_path / "out", seconds=0.2))
    queue.cancel(job.id)
    barrier, said = threading.Barrier(4), []

    def resume() -> None:
        barrier.wait()
        said.append(queue.resume(job.id).status.state)

    threads = [threading.Thread(target=resume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert over(queue, job).status.state == "done"
    assert set(said) <= {"queued", "running"} and len(set(workers(queue, job))) == len(workers(queue, job)) <= 2
    assert [what for _, what in notes(tmp_path / "out")].count("begin 2") == 1


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("refuse", "the cohort is not there. Connect its drive."),
        ("break", "An error of the program itself (Zero"),
    ],
)
def test_a_failure_says_what_happened_and_can_be_gone_on_with(queue: Queue, tmp_path: Path, kind: str, message: str):
    job = queue.submit(order(tmp_path / "out", kind=kind))
    failed = over(queue, job)
    assert failed.status.state == "failed" and failed.status.message.startswith(message)
    assert ("Traceback" in queue.folder(job.id).log.read_text()) == (kind == "break")
    assert queue.resume(job.id).active
    over(queue, job)


def test_ids_are_no_paths(queue: Queue, tmp_path: Path):
    (tmp_path / "spec.json").write_text("{}")
    for name in ("", ".", "..", "../x", "/etc", "20260101-000000-zzzzzz", "20260101-000000-aaaaaa", "devices"):
        for ask in (queue.get, queue.cancel, queue.resume, queue.remove):
            with pytest.raises(JobError, match="no such job"):
                ask(name)


def test_damage_and_removal(queue: Queue, tmp_path: Path):
    job = queue.submit(order(tmp_path / "out", units=1, seconds=2))
    with pytest.raises(JobError, match="still at work"):
        queue.remove(job.id)
    gone(queue, job)
    (queue.root / job.id / "status.json").write_text("{")
    (listed,) = queue.all()
    assert listed.status.state == "interrupted" and "status.json: is damaged" in listed.status.message
    queue.remove(job.id)
    assert not (queue.root / job.id).exists() and (tmp_path / "out" / "unit0").exists()


@pytest.mark.parametrize("damage", [lambda path: path.write_text("{"), lambda path: path.write_bytes(b""), Path.unlink])
def test_a_job_whose_status_is_damaged_is_gone_on_with(queue: Queue, tmp_path: Path, damage: Callable[[Path], object]):
    job = queue.submit(order(tmp_path / "out"))
    gone(queue, job)
    damage(queue.root / job.id / "status.json")
    (listed,) = queue.all()
    assert listed.status.state == "interrupted" and "Resume the job, or remove it" in listed.status.message
    assert listed.status.queued_s == pytest.approx(job.status.queued_s, abs=5)
    assert queue.cancel(job.id) == listed
    assert queue.resume(job.id).status.state == "queued"
    healed = over(queue, job)
    assert (healed.order, healed.status.state, healed.status.message) == (job.order, "done", "")


def test_a_worker_whose_status_is_damaged_is_still_seen_and_cancelled(queue: Queue, tmp_path: Path):
    job = queue.submit(order(tmp_path / "out", units=2, seconds=60))
    until(lambda: begun(tmp_path / "out", 0))
    (queue.root / job.id / "status.json").write_text("{")
    assert queue.get(job.id).status.state == "running"
    assert queue.cancel(job.id).status.state == "interrupted" and "Cancelled" in queue.get(job.id).status.message


@pytest.mark.parametrize("content", ["{", "", '{"version": 0}'])
def test_a_job_whose_order_is_damaged_is_listed_and_removed_and_never_started(queue: Queue, tmp_path: Path, content: str):
    job = queue.submit(order(tmp_path / "out"))
    gone(queue, job)
    (queue.root / job.id / "spec.json").write_text(content)
    (listed,) = queue.all()
    assert (listed.id, listed.order.kind, listed.status.state) == (job.id, "damaged", "failed")
    assert "Remove the job, and queue it again" in listed.status.message
    with pytest.raises(JobError, match="Remove the job"):
        queue.resume(job.id)
    assert len(workers(queue, job)) == 1
    queue.remove(job.id)
    assert queue.all() == ()


def test_what_lies_beside_the_jobs_is_no_job(queue: Queue, tmp_path: Path):
    queue.root.mkdir()
    (queue.root / ".DS_Store").touch()
    (queue.root / "20260101-000000-aaaaaa").touch()  # named as a job, and a file
    (queue.root / "20260101-000000-bbbbbb").mkdir()
    job = queue.submit(order(tmp_path / "out", units=1))
    assert over(queue, job).status.state == "done"
    assert [one.id for one in queue.all()] == [job.id]


def test_a_home_that_cannot_be_written_is_a_message(tmp_path: Path):
    (tmp_path / "jobs").write_text("no folder")
    with pytest.raises(JobError, match="Choose another DIVINE_HOME"):
        Queue(tmp_path / "jobs", WORKER).submit(order(tmp_path / "out"))


def test_a_lock_goes_with_its_holder_and_a_look_does_not_take_it(tmp_path: Path):
    path = tmp_path / "lock"
    assert not is_held(path)
    handle = take(path)
    assert handle is not None and is_held(path) and take(path, patience_s=0.0) is None
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(handle,))
    os.close(handle)
    assert is_held(path)
    child.kill()
    child.communicate()
    assert not is_held(path)
