"""Run every test: ``python3 -m tests [pytest's arguments]``. Makes the environment on first use."""

import os
import sys

from divine.bootstrap import ensure_environment

if __name__ == "__main__":
    ensure_environment("dev", "-m", "tests")
    # A fresh interpreter: the run-time check of shapes must see every module of divine being imported.
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])
