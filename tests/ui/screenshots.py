"""Pictures of the page in its states, to be looked at: ``python -m tests.ui.screenshots OUT``.

With a clip as well, ``python -m tests.ui.screenshots OUT CLIP``, of the real assessment of that clip instead.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from divine import services
from tests.ui.fake import FakeServices, write_clip, write_sound
from tests.ui.running import chromium, studio, watch

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def main(out: Path) -> None:
    """Take every state in light and dark, on a wide and a narrow screen."""
    out.mkdir(parents=True, exist_ok=True)
    fake = FakeServices(lost=slice(60, 75))
    with tempfile.TemporaryDirectory() as folder, studio(fake) as base, chromium() as browser:
        clip, sound = write_clip(Path(folder) / "A004_02_DDK_PA_color.mp4"), write_sound(Path(folder) / "voice only.wav")
        for theme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
                page = watch(context, base).page

                def shoot(name: str, full: bool = True, page=page, tag=f"{theme}-{size}") -> None:
                    page.screenshot(path=out / f"{name}-{tag}.png", full_page=full)

                def assess(file: Path, page=page) -> None:
                    page.goto(f"{base}/assess")
                    page.set_input_files("#dv-recording", file)
                    page.wait_for_selector(".dv-files .is-ready")
                    page.click("#dv-go")

                page.goto(f"{base}/assess")
                page.wait_for_selector(".dv-drop")
                page.wait_for_timeout(400)
                shoot("start")
                page.set_input_files("#dv-recording", clip)
                page.wait_for_selector(".dv-files .is-ready")
                page.set_input_files("#dv-sound", sound)
                page.wait_for_selector(".dv-files .is-ready >> nth=1")
                shoot("chosen")
                fake.held = True
                page.click("#dv-go")
                page.wait_for_selector("[data-state=now]")
                page.wait_for_timeout(1500)
                shoot("working")
                fake.held = False
                page.wait_for_selector("[data-state=done] .dv-diagnosis:not([hidden])")
                page.wait_for_selector(".dv-check:not([hidden])")
                page.keyboard.press("ArrowRight")
                page.wait_for_timeout(400)
                shoot("result")
                page.locator(".dv-explain").first.click()
                page.wait_for_timeout(200)
                shoot("tip", full=False)
                assess(sound)
                page.wait_for_selector("[data-state=done] .dv-notes:not([hidden])")
                page.wait_for_timeout(300)
                shoot("voice")
                fake.error = "{name}: this is not a video or a sound that can be read. Export it as MP4 or WAV."
                assess(clip)
                page.wait_for_selector(".dv-failure:not([hidden])")
                shoot("failed")
                fake.error, fake.quality_passed, fake.with_sound = "", False, False
                assess(clip)
                page.wait_for_selector("[data-state=done] .dv-notes:not([hidden])")
                page.wait_for_selector(".dv-check:not([hidden])")
                shoot("silent")
                fake.quality_passed = fake.with_sound = True
                page.keyboard.press("?")
                shoot("keys", full=False)
                context.close()


def real(out: Path, clip: Path) -> None:
    """Take the real assessment of a clip, in light and dark."""
    out.mkdir(parents=True, exist_ok=True)
    with studio(services) as base, chromium() as browser:
        for theme in ("light", "dark"):
            context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)
            page = watch(context, base).page
            page.set_default_timeout(120_000)
            page.goto(f"{base}/assess")
            page.set_input_files("#dv-recording", clip)
            page.wait_for_selector(".dv-files .is-ready")
            page.click("#dv-go")
            page.wait_for_selector("[data-state=done] .dv-notes:not([hidden])")
            page.wait_for_selector(".dv-check:not([hidden])")
            page.keyboard.press("End")
            page.keyboard.press("Home")
            for _ in range(10):
                page.keyboard.press("Shift+ArrowRight")
                page.wait_for_timeout(100)
            page.screenshot(path=out / f"assessment-{theme}.png", full_page=True)
            context.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        real(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]))
