"""Make the environment on first start, with nothing but Python's standard library.

``python3 app.py`` and ``python3 -m tests`` must work on a machine that has Python 3.11+ and its venv module and
nothing else, so this module imports nothing that has to be installed first.

The locked files in ``requirements/`` name every package, so they are installed with ``--no-deps``: a resolver would
draw gigabytes of CUDA packages onto a machine without a GPU. torch alone depends on the machine: the CPU build where
there is no NVIDIA GPU, else the build that PyPI gives.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NoReturn

PROJECT = Path(__file__).resolve().parent.parent
ENVIRONMENT = PROJECT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
TORCH = "torch==2.13.0"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"

Purpose = Literal["core", "encoders", "dev"]
ORDER: tuple[Purpose, ...] = ("core", "encoders", "dev")
"""Each purpose includes those before it."""


def ensure_environment(purpose: Purpose, *command: str) -> None:
    """Return if this interpreter is the project's, up to date; else set it up and go on there with ``command``.

    Args:
        purpose: ``core`` to run the studio, ``encoders`` for those with published weights too, ``dev`` to run the tests.
        command: what to run with the project's interpreter (``app.py``, or ``-m tests``); arguments are appended.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this may have an older one
        sys.exit(f"DIVINE needs Python 3.11 or newer; this is {platform.python_version()}. Run it with python3.11, say.")
    with _only_one_at_a_time():
        if not _is_current(purpose):
            _set_up(purpose)
    if Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        _continue_there(*command, *sys.argv[1:])


def _continue_there(*command: str) -> NoReturn:
    sys.stdout.flush()
    os.chdir(PROJECT)
    os.execv(PYTHON, [str(PYTHON), *command])  # noqa: S606


@contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    """Two first starts at once must not install into the same folder; the kernel frees the lock however we end."""
    with (PROJECT / ".setup.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock(purpose: Purpose) -> Path:
    return PROJECT / "requirements" / f"{purpose}.txt"


def _purposes(purpose: Purpose) -> tuple[Purpose, ...]:
    return ORDER[: ORDER.index(purpose) + 1]


def _stamp(purpose: Purpose) -> Path:
    return ENVIRONMENT / f".divine-{purpose}"


def _fingerprint(purpose: Purpose) -> str:
    return hashlib.sha256(_lock(purpose).read_bytes() + TORCH.encode()).hexdigest()


def _is_current(purpose: Purpose) -> bool:
    return all(_stamp(p).is_file() and _stamp(p).read_text() == _fingerprint(p) for p in _purposes(purpose))


def has_gpu() -> bool:
    """Say whether an NVIDIA driver is loaded."""
    gpus = Path("/proc/driver/nvidia/gpus")
    return gpus.is_dir() and any(gpus.iterdir())


def _set_up(purpose: Purpose) -> None:
    size = "2 GB" if purpose == "core" else "4 GB"
    print(f"Setting up {ENVIRONMENT.name}/ (once; about two minutes and {size}) ...", file=sys.stderr, flush=True)
    if not PYTHON.is_file():
        try:
            venv.create(ENVIRONMENT, with_pip=True, symlinks=True)
        except (subprocess.CalledProcessError, ImportError):
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            sys.exit("Python's venv module is incomplete. On Debian or Ubuntu: apt install python3-venv")
    for part in _purposes(purpose):
        if part == "core":
            _install_torch()
        print(f"  the packages of {_lock(part).relative_to(PROJECT)}", file=sys.stderr, flush=True)
        _pip("install", "--no-deps", "--requirement", str(_lock(part)))
    _pip("install", "--no-deps", "--no-build-isolation", "--editable", str(PROJECT))
    for part in _purposes(purpose):
        _stamp(part).write_text(_fingerprint(part))


def _install_torch() -> None:
    if has_gpu() or platform.system() != "Linux" or platform.machine() != "x86_64":
        print(f"  {TORCH}, the build for this machine", file=sys.stderr, flush=True)
        _pip("install", TORCH)
        return
    print(f"  {TORCH}, the CPU build", file=sys.stderr, flush=True)
    wanted = f"{TORCH}+cpu"
    # A folder of wheels named in PIP_FIND_LINKS serves machines that reach no index.
    if _pip_quietly("install", "--no-deps", "--no-index", wanted) != 0:
        _pip("install", "--no-deps", "--index-url", TORCH_CPU_INDEX, wanted)


def _pip_quietly(*arguments: str) -> int:
    return subprocess.run([PYTHON, "-m", "pip", "--quiet", *arguments], check=False, capture_output=True).returncode


def _pip(*arguments: str) -> None:
    done = subprocess.run(
        [PYTHON, "-m", "pip", "-qq", "--disable-pip-version-check", *arguments], check=False, stdout=sys.stderr.fileno()
    )
    if done.returncode != 0:
        packages = re.sub(r"\s+", " ", " ".join(arguments))
        sys.exit(
            f"Set-up stopped: pip {packages} failed (see above). Check the network or PIP_FIND_LINKS, then run this again: "
            "it goes on where it stopped."
        )


if __name__ == "__main__":
    if sys.argv[1:] != ["encoders"]:
        sys.exit("Usage: python3 -m divine.bootstrap encoders    (installs what encoders with published weights need)")
    ensure_environment("encoders", "-m", "divine.bootstrap")
    print("Installed. `divine encoders list` shows which weights are here, `divine encoders fetch CODE` brings them.")
