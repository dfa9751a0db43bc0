"""Which frame is on the screen, and how soon: what the test and the benchmark of the player share."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

READY = ".dv-se-view[data-state=ready]"

# Sixteen bars in the upper half of the picture, the most significant first (tests/clips.py).
_READ = """
const readBars = (video) => {
    const canvas = document.createElement("canvas");
    canvas.width = 64; canvas.height = 2;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, video.videoHeight / 5, video.videoWidth, video.videoHeight / 10, 0, 0, 64, 2);
    const data = context.getImageData(0, 0, 64, 1).data;
    let number = 0;
    for (let bar = 0; bar < 16; bar += 1) number = 2 * number + (data[4 * (4 * bar + 2)] > 128 ? 1 : 0);
    return number;
};
const within = (promise) => Promise.race([promise, new Promise((done) => setTimeout(() => done(Infinity), 10_000))]);
const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
"""


def seek_frames(page: Page, wanted: list[int]) -> list[tuple[int, int]]:
    """Seek to frames one after another; return, per seek, the number in the picture and the number that the page names."""
    seen: list[Any] = page.evaluate(
        """async (wanted) => {"""
        + _READ
        + """
        const video = document.querySelector(".dv-screen video");
        const slider = document.querySelector(".dv-slider");
        const canvas = document.querySelector(".dv-screen canvas");
        const seen = [];
        for (const frame of wanted) {
            const over = new Promise((done) => video.addEventListener("seeked", done, { once: true }));
            // A seek is over before its picture is on the screen: on a busy machine the one before is still there.
            const shown = new Promise((done) => video.requestVideoFrameCallback(done));
            slider.value = frame;
            slider.dispatchEvent(new Event("input"));
            await within(over);
            await within(shown);
            await painted();
            seen.push([readBars(video), Number(canvas.dataset.frame)]);
        }
        return seen;
    }""",
        wanted,
    )
    return [(int(picture), int(named)) for picture, named in seen]


def click_curves(page: Page, parts: list[float], lane: int = 0) -> list[tuple[int, int, float]]:
    """Press a lane at fractions of its length; return the picture's number, the page's, and the milliseconds until both hold.

    The clock starts with the press and stops when the browser hands the picture of the sought moment to the screen.
    """
    found: list[Any] = page.evaluate(
        """async ([parts, lane]) => {"""
        + _READ
        + """
        const video = document.querySelector(".dv-screen video");
        const overlay = document.querySelector(".dv-screen canvas");
        const target = document.querySelectorAll(".dv-lane canvas")[lane];
        const found = [];
        for (const part of parts) {
            target.scrollIntoView({ block: "nearest" });
            await painted();
            const box = target.getBoundingClientRect();
            const x = box.left + 44 + part * (box.width - 52);
            const shown = new Promise((done) => video.requestVideoFrameCallback((now) => done(now)));
            const began = performance.now();
            const where = { bubbles: true, clientX: x, clientY: box.top + 20, button: 0 };
            target.dispatchEvent(new PointerEvent("pointerdown", { ...where, buttons: 1 }));
            target.dispatchEvent(new PointerEvent("pointerup", where));
            const now = await within(shown);
            await painted();
            found.push([readBars(video), Number(overlay.dataset.frame), now - began]);
        }
        return found;
    }""",
        [parts, lane],
    )
    return [(int(picture), int(named), float(took)) for picture, named, took in found]
