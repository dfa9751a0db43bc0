"""Run every test: ``python3 -m tests [pytest's arguments]``. Makes the environment on first use."""

import sys

from divine.bootstrap import ensure_environment

if __name__ == "__main__":
    ensure_environment("dev", "-m", "tests")

    import pytest

    sys.exit(pytest.main(sys.argv[1:]))
