"""How soon a press on a curve shows its frame: ``python -m tests.ui.session_speed [CLIP]``.

Presses a curve and the spectrogram 100 times each, on the numbered clips of the tests at an even and an uneven frame rate, or
on a recording of one's own, and prints the times from the press to the moment at which the browser hands the picture to the
screen. Ends with status 1 if any takes longer than 100 ms or shows another frame than it names.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

LIMIT_MS = 100.0
PRESSES = 100


def main(clip: Path | None) -> int:
    """Measure, print a line per clip and lane, and say whether the limit holds."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIVINE_HOME"] = str(Path(folder) / "home")
        from tests.ui.fake import FakeServices
        from tests.ui.running import chromium, studio, watch
        from tests.ui.session_cohort import make
        from tests.ui.session_frames import READY, click_curves

        if clip is None:
            made = make(Path(folder) / "cohort")
            data, keys = made.root, {"even rate": made.key(made.even), "uneven rate": made.key(made.uneven)}
        else:
            shutil.copyfile(clip, Path(folder) / clip.name)
            data = Path(folder) / "manifest.csv"
            data.write_text(f'subject,group,video\nP1,unknown,"{clip.name}"\n')
            keys = {clip.name: ""}
        good = True
        with studio(FakeServices(), data=data) as base, chromium() as browser:
            page = watch(browser.new_context(viewport={"width": 1440, "height": 900}), base).page
            page.set_default_timeout(300_000)
            for name, key in keys.items():
                page.goto(f"{base}/session" + (f"?clip={key}" if key else ""))
                page.wait_for_selector(READY)
                # Far from one another: a press on the frame that is there already shows nothing new.
                steps = np.random.default_rng(3).uniform(0.1, 0.86, PRESSES)
                parts = (0.02 + np.cumsum(steps) % 0.96).tolist()
                for what, lane in (("curve", 0), ("spectrogram", page.locator(".dv-lane canvas").count() - 1)):
                    seen = click_curves(page, parts, lane)
                    took = np.array([one[2] for one in seen])
                    wrong = sum(picture != named for picture, named, _ in seen) if key else 0
                    middle, most, worst = np.percentile(took, [50, 95, 100])
                    print(f"{name:12s} {what:12s} {PRESSES} presses: median {middle:.0f} ms, 95 % {most:.0f} ms, "
                          f"worst {worst:.0f} ms; {wrong} wrong frames")  # fmt: skip
                    good = good and worst <= LIMIT_MS and not wrong
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
