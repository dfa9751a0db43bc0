"""The Assess page in Debian's Chromium: drop, wait, look, listen to the keyboard; nothing leaves the machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from divine import services as real
from divine.media import open_clip
from tests.ui.fake import BARS, FRAMES, FakeServices, write_clip
from tests.ui.running import CHROMIUM, Watched, studio, watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]

HOSTILE = "<img src=x onerror=alert(1)>${7*7}{{8*8}}.mp4"
DONE = "[data-state=done] .dv-notes:not([hidden])"


@pytest.fixture(scope="module")
def services() -> FakeServices:
    return FakeServices(seconds=0.1)


@pytest.fixture(scope="module")
def base(services: FakeServices) -> Iterator[str]:
    with studio(services) as address:
        yield address


def opened(page: Page, base: str, query: str = "") -> Page:
    page.goto(f"{base}/assess{query}")
    page.wait_for_selector(".dv-top")
    return page


def drop(page: Page, content: bytes, name: str, kind: str) -> None:
    """Drop a file on the zone, as a desktop does."""
    transfer = page.evaluate_handle(
        """([data, name, type]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type }));
            return transfer;
        }""",
        [base64.b64encode(content).decode(), name, kind],
    )
    page.dispatch_event(".dv-drop", "drop", {"dataTransfer": transfer})


def assessed(page: Page, base: str, content: bytes, name: str = "clip.mp4", kind: str = "video/mp4") -> Page:
    opened(page, base)
    page.wait_for_selector(".dv-intake[data-chosen]")
    drop(page, content, name, kind)
    page.wait_for_selector(".dv-files .is-ready")
    page.click("#dv-go")
    page.wait_for_selector(DONE)
    return page


def frame(page: Page) -> int:
    return int(page.get_attribute(".dv-screen canvas", "data-frame") or -1)


READ_BARS = """(bars) => {
    const video = document.querySelector(".dv-screen video");
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0);
    let number = 0;
    for (let bar = 0; bar < bars; bar += 1) {
        const x = Math.floor((bar + 0.5) * canvas.width / bars);
        if (context.getImageData(x, 20, 1, 1).data[0] > 128) number += 2 ** bar;
    }
    return number;
}"""


def test_a_dropped_clip_becomes_an_assessment_that_survives_a_reload(watched: Watched, base: str, clip: Path, browser: Browser):
    page = assessed(watched.page, base, clip.read_bytes())
    expect(page.locator(".dv-name")).to_have_text("clip.mp4")
    expect(page.locator(".dv-diagnosis")).to_contain_text("67.0 %")
    expect(page.locator(".dv-diagnosis .is-first")).to_contain_text("stroke")
    expect(page.locator(".dv-diagnosis")).to_contain_text("SYNTHETIC")
    expect(page.locator(".dv-severity")).to_contain_text("10.0 of 25")
    expect(page.locator(".dv-severity")).to_contain_text("mild up to 8.0, moderate up to 12.0 and severe above")
    expect(page.locator(".dv-severity .dv-callout")).to_have_count(0)  # 10.0 is moderate, and so its level says
    expect(page.locator(".dv-quality summary")).to_contain_text("all 4 checks passed")
    expect(page.locator(".dv-attention")).to_contain_text("0.62")
    expect(page.locator(".dv-lane")).to_have_count(5)
    expect(page.locator(".dv-notice")).to_have_text("Research use only. Not a diagnosis.")
    with page.expect_download() as download:
        page.click("#dv-download")
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["diagnosis"]["prediction"] == "stroke"
    link = page.url
    assert "?id=" in link
    page.reload()
    page.wait_for_selector(DONE)
    other = browser.new_context()
    foreign = watch(other, base).page
    foreign.goto(link)
    expect(foreign.locator(".dv-failure")).to_contain_text("belongs to another browser")
    other.close()


def test_the_keyboard_drives_the_player(watched: Watched, base: str, clip: Path):
    page = assessed(watched.page, base, clip.read_bytes())
    page.wait_for_selector(".dv-check:not([hidden])")
    page.locator("h1.dv-name").click()
    for key, expected in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", FRAMES - 1),
        ("Home", 0),
        ("Shift+ArrowRight", 2),
    ]:
        page.keyboard.press(key)
        page.wait_for_function(
            "(wanted) => document.querySelector('.dv-screen canvas').dataset.frame === String(wanted)", arg=expected
        )
    page.keyboard.press("4")
    assert page.evaluate("document.querySelector('.dv-screen video').playbackRate") == 0.25
    page.keyboard.press("1")
    page.keyboard.press(" ")
    page.wait_for_function("Number(document.querySelector('.dv-screen canvas').dataset.frame) > 5")
    page.keyboard.press(" ")
    assert page.evaluate("document.querySelector('.dv-screen video').paused")
    page.keyboard.press("l")
    expect(page.locator(".dv-check input")).not_to_be_checked()
    page.keyboard.press("?")
    expect(page.locator("#dv-keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dv-keys")).not_to_be_visible()


def test_a_click_on_a_curve_goes_there(watched: Watched, base: str, clip: Path):
    page = assessed(watched.page, base, clip.read_bytes())
    page.wait_for_selector(".dv-check:not([hidden])")
    lane = page.locator(".dv-lane canvas").first
    box = lane.bounding_box()
    assert box is not None
    lane.click(position={"x": 44 + (box["width"] - 52) / 2, "y": 30})
    page.wait_for_function("Math.abs(Number(document.querySelector('.dv-screen canvas').dataset.frame) - 37) <= 1")
    assert abs(page.evaluate("document.querySelector('.dv-screen video').currentTime") - 1.5) < 0.04


@pytest.mark.parametrize("uneven", [False, True])
def test_the_frame_on_the_screen_is_the_frame_that_is_named(
    watched: Watched, base: str, services: FakeServices, tmp_path: Path, uneven: bool, monkeypatch: pytest.MonkeyPatch
):
    rng = np.random.default_rng(1)
    gaps = rng.choice([0.02, 0.033, 0.05, 0.09], FRAMES) if uneven else np.full(FRAMES, 0.04)
    times = np.round(np.cumsum(gaps) - gaps[0], 3)
    source = write_clip(tmp_path / "bars.mp4", times)
    monkeypatch.setattr(services, "times", times)

    def viewing_copy(clip, out: Path, *, on_progress=None) -> np.ndarray:
        return real.viewing_copy(open_clip(source), out)

    monkeypatch.setattr(services, "viewing_copy", viewing_copy)
    page = assessed(watched.page, base, source.read_bytes())
    page.wait_for_selector(".dv-check:not([hidden])")
    for wanted in rng.integers(0, FRAMES, 25):
        page.evaluate(
            """(wanted) => new Promise((done) => {
                const slider = document.querySelector(".dv-slider");
                const video = document.querySelector(".dv-screen video");
                const painted = () => requestAnimationFrame(() => requestAnimationFrame(done));
                video.addEventListener("seeked", painted, { once: true });
                slider.value = wanted;
                slider.dispatchEvent(new Event("input"));
            })""",
            int(wanted),
        )
        assert (page.evaluate(READ_BARS, BARS), frame(page)) == (wanted, wanted)


def test_a_hostile_name_is_text(watched: Watched, base: str, clip: Path):
    page = watched.page
    page.on("dialog", lambda dialog: pytest.fail("a script ran"))
    opened(page, base)
    page.wait_for_selector(".dv-intake[data-chosen]")
    drop(page, clip.read_bytes(), HOSTILE, "video/mp4")
    expect(page.locator(".dv-file-name")).to_have_text(HOSTILE)
    page.click("#dv-go")
    page.wait_for_selector(DONE)
    expect(page.locator(".dv-name")).to_have_text(HOSTILE)
    assert page.title() == f"{HOSTILE} · DIVINE"
    assert page.locator("img[src=x]").count() == 0


def test_a_failure_says_what_to_do(watched: Watched, base: str, services: FakeServices, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "error", "{name}: holds neither a picture nor a sound. Export it as MP4 or WAV.")
    page = opened(watched.page, base)
    page.wait_for_selector(".dv-intake[data-chosen]")
    drop(page, b"not a video", "notes.mp4", "video/mp4")
    page.wait_for_selector(".dv-files .is-ready")
    page.click("#dv-go")
    expect(page.locator(".dv-failure")).to_contain_text(
        "notes.mp4: holds neither a picture nor a sound. Export it as MP4 or WAV."
    )
    page.click("text=Try another recording")
    page.wait_for_selector(".dv-drop")


def test_two_recordings_at_once_are_refused_in_words(watched: Watched, base: str, clip: Path):
    page = opened(watched.page, base)
    page.wait_for_selector(".dv-intake[data-chosen]")
    names = {"one.mp4": "video/mp4", "two.mp4": "video/mp4"}
    carried = page.evaluate_handle(
        """(names) => { const data = new DataTransfer();
        for (const [name, type] of Object.entries(names)) data.items.add(new File(["x"], name, { type }));
        return data; }""",
        names,
    )
    page.dispatch_event(".dv-drop", "drop", {"dataTransfer": carried})
    expect(page.get_by_text("Drop one recording, and at most one separate sound file with it.")).to_be_visible()


def test_cancel_stops_it(watched: Watched, base: str, services: FakeServices, clip: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "held", True)
    page = opened(watched.page, base)
    page.wait_for_selector(".dv-intake[data-chosen]")
    expect(page.locator("#dv-go")).to_be_disabled()
    drop(page, clip.read_bytes(), "clip.mp4", "video/mp4")
    page.wait_for_selector(".dv-files .is-ready")
    page.click("#dv-go")
    expect(page.locator("[aria-current=step]")).to_have_text("Follow the face")
    page.wait_for_selector(".dv-screen video")  # the picture is there before the result
    page.click("#dv-cancel")
    expect(page.locator(".dv-failure")).to_contain_text("Cancelled")


def test_sound_alone_and_no_face(
    watched: Watched, base: str, services: FakeServices, clip: Path, sound: Path, monkeypatch: pytest.MonkeyPatch
):
    page = assessed(watched.page, base, sound.read_bytes(), "voice.wav", "audio/wav")
    expect(page.locator(".dv-facts")).to_contain_text("no picture")
    expect(page.locator(".dv-attention .is-absent")).to_contain_text("not used")
    expect(page.locator(".dv-measures caption")).to_have_text("Voice")
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.dv-player audio').currentTime > 2.5")
    monkeypatch.setattr(services, "lost", slice(0, None))
    assessed(page, base, clip.read_bytes())
    expect(page.locator(".dv-facts")).to_contain_text("no face found")
    expect(page.locator(".dv-absent")).to_be_visible()


def test_a_recording_that_begins_in_the_dark_is_shown_where_its_face_is(
    watched: Watched, base: str, services: FakeServices, clip: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(services, "lost", slice(0, 12))
    page = assessed(watched.page, base, clip.read_bytes())
    expect(page.locator(".dv-player")).to_contain_text("frame 13 of")
    expect(page.locator(".dv-absent")).to_be_hidden()


def test_the_camera_records_unmirrored_and_unfiltered(watched: Watched, base: str):
    page = opened(watched.page, base)
    page.wait_for_selector(".dv-intake[data-chosen]")
    page.evaluate(
        """() => { const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => { window.wanted = wanted; return ask(wanted); }; }"""
    )
    page.click("#dv-tab-camera")
    page.click("text=Turn the camera on")
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(700)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector(".dv-files .is-ready")
    expect(page.locator(".dv-file-name")).to_contain_text("camera ")
    assert page.evaluate("Object.values(window.wanted.audio)") == [False, False, False]
    expect(page.locator("#dv-go")).to_be_enabled()


def test_colours_follow_the_system_and_the_choice(browser: Browser, base: str):
    context = browser.new_context(color_scheme="dark")
    page = opened(watch(context, base).page, base)
    assert page.evaluate("[document.documentElement.dataset.theme, document.body.classList.contains('dark')]") == ["dark", True]
    page.select_option("#dv-theme", "light")
    page.wait_for_function("!document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector(".dv-drop")
    assert page.evaluate("[document.documentElement.dataset.theme, document.body.classList.contains('dark')]") == [
        "light",
        False,
    ]
    assert page.input_value("#dv-theme") == "light"
    # The choice is known before anything is drawn: nothing of Gradio's has come yet.
    page.route("**/assets/**", lambda route: route.abort())
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.locator(".dv-top").count() == 0
    context.close()
