"""The command ``divine``: unpack, call a service, format. Exit status 0 done, 1 bad input or result, 2 wrong usage."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; an error that we understand is one line, never a traceback."""
    from divine.cli import clip, cohort, encoders, jobs, report, study  # noqa: F401 - they register their commands
    from divine.cli.output import app
    from divine.records import DivineError

    try:
        app()
    except DivineError as error:
        sys.stderr.write(f"divine: {error}\n")
        sys.exit(1)
