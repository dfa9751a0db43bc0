"""Pictures of the pages and of the paper's tables, light and dark: ``python -m tests.ui.pictures docs/pictures``."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.ui.every_page import go, visits
from tests.ui.running import chromium, studio, watch
from ui.cohorts import DEMONSTRATION


def main(out: Path) -> None:
    """Take every page as it is on a first start."""
    from divine import services

    out.mkdir(parents=True, exist_ok=True)
    tables = services.reproduction_folder("20260101-000000-abcdef")
    services.reproduce("table4,figure3", DEMONSTRATION, tables, folds=3, seeds=1, epochs=3)
    with studio(services) as base, chromium() as browser:
        for theme in ("light", "dark"):
            context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=theme)
            page = watch(context, base).page
            for visit in visits().values():
                go(page, base, visit)
                save(page.screenshot(), out / f"{visit.name}-{theme}.png")
            context.close()


def save(shot: bytes, path: Path) -> None:
    """Write a picture in 256 colours: a third of the size, and the eye sees no difference."""
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["DIVINE_HOME"] = home
        main(Path(sys.argv[1]))
