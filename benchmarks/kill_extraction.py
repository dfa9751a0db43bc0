"""An extraction that is killed again and again: is anything finished done twice, and is the result the same?

Run ``python -m benchmarks.kill_extraction [KILLS]``. A small SYNTHETIC cohort is extracted once undisturbed; then, for threads,
processes and a Dask cluster of two workers, the same command is killed with SIGKILL at random moments (on the cluster one of
the workers is), KILLS times in all, and let finish.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from distributed import LocalCluster

from divine.synthetic.cohort import Plan, make_cohort
from tests.features.kept import digests, writings

PLAN = Plan(subjects=6, tasks=("DDK_PA", "NSM_OPEN"), seconds=2.0, fps=20.0, width=320, height=240, complete=True)


def command(cohort: Path, *options: str) -> list[str]:
    """Return the command that users have."""
    return [sys.executable, "-m", "divine.cli", "extract", str(cohort), "--encoders", "KI,AC", "--workers", "2", *options]


def extract(cohort: Path, home: Path, *options: str) -> float:
    """Let the command finish; return its seconds."""
    start_s = time.perf_counter()
    environment = os.environ | {"DIVINE_HOME": str(home)}
    subprocess.run(command(cohort, *options), env=environment, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start_s


def killed(cohort: Path, home: Path, kills: int, whole_s: float, *options: str) -> tuple[int, int]:
    """Kill the command at random moments; return how often it had not finished before, and the units that were redone."""
    chance, redone, hits = random.Random(1), 0, 0
    for _ in range(kills):
        before = writings(home)
        environment = os.environ | {"DIVINE_HOME": str(home)}
        process = subprocess.Popen(command(cohort, *options), env=environment, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 1.0) * whole_s)
        hits += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        redone += len(before.items() - writings(home).items())
    before = writings(home)
    extract(cohort, home, *options)
    return hits, redone + len(before.items() - writings(home).items())


def worker_killed(cohort: Path, home: Path, kills: int, whole_s: float) -> tuple[int, int]:
    """Extract over a cluster, one of whose workers is killed every now and then; return as ``killed`` does."""
    chance, hits = random.Random(2), 0
    os.environ["DIVINE_HOME"] = str(home)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as local:
        options = command(cohort, "--cluster", local.scheduler_address)
        process = subprocess.Popen(options, env=os.environ | {"DIVINE_HOME": str(home)}, stderr=subprocess.DEVNULL)
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 1.0) * whole_s / 2)
            workers = [one for one in psutil.Process().children(recursive=True) if _is_worker(one, process.pid)]
            if process.poll() is None and workers:
                chance.choice(workers).kill()
                hits += 1
        if process.wait() != 0:
            raise RuntimeError("the extraction over the cluster failed")
    return hits, 0


def _is_worker(process: psutil.Process, own: int) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline()) and own not in {process.pid, process.ppid()}
    except psutil.Error:
        return False


def main(kills: int) -> int:
    """Print a table; return 1 if anything was done twice, or differs."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cohort = make_cohort(root / "cohort", PLAN).root
        whole_s = extract(cohort, root / "undisturbed")
        expected, failed = digests(root / "undisturbed"), False
        print(f"{len(expected)} units, undisturbed in {whole_s:.0f} s\n")
        print("| | kills in the midst | redone | digests |\n|---|---|---|---|")
        for title, options in (("threads", ()), ("processes", ("--processes",)), ("a worker of two on Dask", None)):
            home = root / title.replace(" ", "-")
            each = max(1, kills // 3)
            if options is None:
                hits, redone = worker_killed(cohort, home, each, whole_s)
            else:
                hits, redone = killed(cohort, home, each, whole_s, *options)
            same = digests(home) == expected
            failed |= bool(redone) or not same
            print(f"| {title} | {hits} | {redone} | {'identical' if same else 'DIFFER'} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=30)
    sys.exit(main(parser.parse_args().kills))
