from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from divine.config import PROJECT, Limits
from divine.media.errors import IsolationError, LimitError
from divine.media.isolate import run_isolated
from tests.media import children

CLIP = Path("odd name.mp4")


def gone(pid: int, within_s: float = 5.0) -> bool:
    """Whether a process has ended and was reaped: a zombie still has its entry."""
    until_s = time.monotonic() + within_s
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True


def test_a_child_receives_arguments_and_answers_in_bytes():
    assert json.loads(run_isolated(children.echo, CLIP, 1, "two")) == [CLIP.name, 1, "two"]


def test_a_large_answer_arrives_whole():
    assert run_isolated(children.large, CLIP, 10_000_001) == bytes(10_000_001)


def test_a_warm_call_costs_less_than_50_ms():
    run_isolated(children.echo, CLIP)
    spent = []
    for _ in range(10):
        start = time.perf_counter()
        run_isolated(children.echo, CLIP)
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.05


def test_a_child_has_its_limit_of_memory_and_no_core_dump():
    assert json.loads(run_isolated(children.limits_seen, CLIP, limits=Limits(child_memory_bytes=2**31))) == [2**31, 0]


def test_a_child_has_the_environment_and_folder_of_the_moment(tmp_path, monkeypatch):
    run_isolated(children.echo, CLIP)
    monkeypatch.setenv("DIVINE_TEST", "now")
    monkeypatch.chdir(tmp_path)
    assert json.loads(run_isolated(children.surroundings, CLIP)) == ["now", str(tmp_path)]


def test_an_error_of_ours_keeps_its_class_and_message():
    with pytest.raises(LimitError, match=r"^odd name\.mp4: too long$"):
        run_isolated(children.raise_limit, CLIP)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (children.raise_bug, r"^odd name\.mp4: .*nobody foresaw \(KeyError: 'absent'\)"),
        (children.abort, r"^odd name\.mp4: it crashed the decoder \(SIGABRT\)"),
        (children.segfault, r"^odd name\.mp4: it crashed the decoder \(SIGSEGV\)"),
        (children.leave, r"^odd name\.mp4: .*SystemExit"),
        (children.killed, r"^odd name\.mp4: reading it needs more memory"),
        (children.odd_error, r"^odd name\.mp4: .*answered nonsense"),
        (children.nonsense, r"^odd name\.mp4: .*answered nonsense"),
    ],
)
def test_a_child_that_fails_costs_one_clip(function, message):
    with pytest.raises(IsolationError, match=message):
        run_isolated(function, CLIP)
    assert run_isolated(children.echo, CLIP) == b'["odd name.mp4"]'


def test_a_child_that_eats_memory_is_stopped():
    with pytest.raises(IsolationError, match=r"^odd name\.mp4: reading it needs more memory than the 0\.75 GiB allowed"):
        run_isolated(children.eat_memory, CLIP, limits=Limits(child_memory_bytes=3 * 2**28))


@pytest.mark.parametrize("function", [children.hang, children.chatter])
def test_a_child_that_does_not_finish_is_stopped_and_reaped(function, tmp_path):
    with pytest.raises(IsolationError, match=r"pid: not finished after 0\.5 s"):
        run_isolated(function, tmp_path / "pid", limits=Limits(child_seconds=0.5))
    assert gone(int((tmp_path / "pid").read_text()))


def test_half_an_answer_does_not_hang():
    with pytest.raises(IsolationError, match=r"not finished after 0\.5 s"):
        run_isolated(children.babble, CLIP, limits=Limits(child_seconds=0.5))


def test_progress_arrives_and_what_it_raises_ends_even_a_silent_child(tmp_path):
    heard = []

    def stop(fraction: float) -> None:
        heard.append(fraction)
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_isolated(children.hang, tmp_path / "pid", on_progress=stop)
    assert gone(int((tmp_path / "pid").read_text()))
    assert set(heard) == {0.0}

    heard.clear()
    run_isolated(children.echo, CLIP, on_progress=heard.append)
    assert heard == [0.5]


def test_parts_come_in_order_ahead_of_the_result():
    parts: list[bytes] = []
    assert run_isolated(children.in_parts, CLIP, 50, on_part=parts.append) == b"end"
    assert parts == [bytes([number]) * 1000 for number in range(50)]


def test_parts_beyond_what_a_child_may_hold_or_that_nobody_wants_end_it():
    with pytest.raises(IsolationError):
        run_isolated(children.in_parts, CLIP, 1)
    kept: list[bytes] = []
    with pytest.raises(IsolationError):
        run_isolated(
            children.endless_parts, CLIP, limits=Limits(child_memory_bytes=2**30), on_part=lambda part: kept.append(part[:1])
        )
    assert len(kept) == 2**30 // 2**24


def test_threads_may_call_at_once():
    answers: dict[int, bytes] = {}

    def call(number: int) -> None:
        answers[number] = run_isolated(children.echo, CLIP, number)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: json.loads(answer) for number, answer in answers.items()} == {n: [CLIP.name, n] for n in range(8)}


def test_a_function_that_a_child_cannot_import_is_refused():
    with pytest.raises(TypeError, match="top level"):
        run_isolated(lambda path, *, report: b"", CLIP)


SCRIPT = """
import os, sys
from pathlib import Path
with open(sys.argv[1] + ".runs", "a") as file:
    file.write("run\\n")
from divine.media.isolate import run_isolated
from tests.media import children
for _ in range(2):
    run_isolated(children.echo, Path("clip"))
pid = os.fork()
assert run_isolated(children.echo, Path("clip")) == b'["clip"]'
if pid == 0:
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
run_isolated(children.hang, Path(sys.argv[1]))
"""


def test_children_die_with_a_killed_parent_and_a_script_without_a_guard_runs_once(tmp_path):
    script, told = tmp_path / "script.py", tmp_path / "pid"
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen([sys.executable, str(script), str(told)], env=environment)
    until_s = time.monotonic() + 30
    while not (told.exists() and told.read_text()):
        assert process.poll() is None
        assert time.monotonic() < until_s
        time.sleep(0.02)
    child = int(told.read_text())
    fork_server = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
    assert fork_server != process.pid
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert gone(child)
    assert gone(fork_server)
    assert Path(f"{told}.runs").read_text() == "run\n"
