"""Remake what is shipped: ``python -m divine.demonstration [--only PART]``. Killed and started again, it goes on."""

from __future__ import annotations

import argparse
import os
import sys

from divine.config import ASSETS, home
from divine.demonstration.checkpoint import PAIR, make_checkpoint
from divine.demonstration.shipped import look_at_everything, make_shipped_cohort, make_shipped_run
from divine.store import Store
from divine.synthetic.clip import render_clip
from divine.synthetic.subject import make_subject

PARTS = ("example", "cohort", "run", "checkpoint")


def main() -> None:
    """Make the parts that are asked for, all by default, in the order of their cost."""
    parser = argparse.ArgumentParser(prog="python -m divine.demonstration", description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", choices=PARTS, action="append", help="make this part alone; may be given again")
    options = parser.parse_args()
    asked = options.only or PARTS
    work, store = home() / "demonstration", Store(home() / "store")
    if "example" in asked:
        # Somebody who is in neither cohort.
        someone = make_subject("S900", "Stroke", 9)
        render_clip(someone, "DDK_PATAKA", 9, ASSETS / "example.mp4", fps=30.0, seconds=6.0)
        _tell("made the example", 1, 1)
    if "cohort" in asked:
        index = make_shipped_cohort(work, workers=options.workers, on_step=_tell)
        look_at_everything(index, PAIR, store, on_step=_tell)
    if "run" in asked:
        make_shipped_run(work, PAIR, store, workers=options.workers, on_step=_tell)
    if "checkpoint" in asked:
        make_checkpoint(work, workers=options.workers, on_step=_tell)


def _tell(what: str, done: int, total: int) -> None:
    sys.stderr.write(f"\r{what} {done}/{total}   ")
    if done == total:
        sys.stderr.write("\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
