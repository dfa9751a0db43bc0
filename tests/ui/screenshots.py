"""Pictures of the page in its states, to be looked at: ``python -m tests.ui.screenshots OUT``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.ui.fake import FakeServices, write_clip, write_sound
from tests.ui.running import chromium, studio, watch

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def main(out: Path) -> None:
    """Take every state in light and dark, on a wide and a narrow screen."""
    out.mkdir(parents=True, exist_ok=True)
    services = FakeServices(lost=slice(60, 75))
    with tempfile.TemporaryDirectory() as folder, studio(services) as base, chromium() as browser:
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
                services.held = True
                page.click("#dv-go")
                page.wait_for_selector("[data-state=now]")
                page.wait_for_timeout(1500)
                shoot("working")
                services.held = False
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
                services.error = "{name}: this is not a video or a sound that can be read. Export it as MP4 or WAV."
                assess(clip)
                page.wait_for_selector(".dv-failure:not([hidden])")
                shoot("failed")
                services.error, services.quality_passed, services.with_sound = "", False, False
                assess(clip)
                page.wait_for_selector("[data-state=done] .dv-notes:not([hidden])")
                page.wait_for_selector(".dv-check:not([hidden])")
                shoot("silent")
                services.quality_passed = services.with_sound = True
                page.keyboard.press("?")
                shoot("keys", full=False)
                context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
