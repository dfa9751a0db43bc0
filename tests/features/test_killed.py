"""SIGKILL at random moments, of everything or of one worker: nothing finished is done again, and the result is the same."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from divine import services
from tests.features.kept import digests, writings


@pytest.fixture(scope="module")
def expected(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests of an extraction that nobody disturbed."""
    home = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIVINE_HOME", str(home))
        services.extract(rendered, "KI,AC", workers=1)
    return digests(home)


def test_an_extraction_that_is_killed_goes_on(rendered: Path, expected: dict[str, str], state: Path):
    command = [sys.executable, "-m", "divine.cli", "extract", str(rendered), "--encoders", "KI,AC"]
    chance = random.Random(0)
    wanted = len(expected)
    for unit in (1, wanted - 1):  # killed once so many units are there, somewhere in the next
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(digests(state)) < unit:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.2))
        before = writings(state)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert before.items() <= writings(state).items()
    finished = writings(state)
    assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    assert finished.items() <= writings(state).items()
    assert digests(state) == expected


def test_a_cluster_of_which_a_worker_is_killed_makes_the_same(rendered: Path, expected: dict[str, str], state: Path):
    killed: list[int] = []
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as local:

        def kill_one(stage: str, done: int, total: int) -> None:
            if not killed:
                with Client(local.scheduler_address, set_as_default=False) as client:
                    killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        found = services.extract(rendered, "KI,AC", cluster=local.scheduler_address, on_step=kill_one)
    assert killed and not found.failures and found.done + found.kept == 4
    assert digests(state) == expected
