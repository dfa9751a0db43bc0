"""Assess: what is this clip? A recording in; quality, diagnosis, severity, landmarks, measures, attention and gates out."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import gradio as gr

from divine.config import ASSETS
from divine.services.runs import RunError, run_entry
from ui import shell
from ui.components import assessment, intake, model_choice
from ui.jobs import Judge, Order
from ui.owners import Owners
from ui.sessions import BusyError, Sessions
from ui.workspace import Upload, Workspace

EXAMPLE = ASSETS / "example.mp4"

TASKS = (
    ("Not stated", ""),
    ("Say “Buy Bobby a puppy” (BBP_NORMAL)", "BBP_NORMAL"),
    ("Repeat /pa/ (DDK_PA)", "DDK_PA"),
    ("Repeat /pataka/ (DDK_PATAKA)", "DDK_PATAKA"),
    ("Pretend to kiss (NSM_KISS)", "NSM_KISS"),
    ("Open the mouth wide (NSM_OPEN)", "NSM_OPEN"),
    ("Spread the lips, a tight smile (NSM_SPREAD)", "NSM_SPREAD"),
    ("A big smile (NSM_BIGSMILE)", "NSM_BIGSMILE"),
    ("Pretend to blow a candle (NSM_BLOW)", "NSM_BLOW"),
    ("Raise the eyebrows (NSM_BROW)", "NSM_BROW"),
)

_INTRODUCTION = """
<div id="dv-main" class="dv-hero">
  <h1>What does this recording show?</h1>
  <p>Drop a video of a face that speaks or moves. It stays on this machine: the face is followed, movement and voice are
  measured, and a model's estimate is set beside them.</p>
</div>"""

_ADVICE = """
<aside class="dv-advice" aria-label="For a good recording">
  <h2>For a good recording</h2>
  <dl>
    <dt>Face</dt><dd>From the front, the whole head in the picture, no hand or mask before the mouth.</dd>
    <dt>Light</dt><dd>Even, from the front. No window behind the head.</dd>
    <dt>Sound</dt><dd>A quiet room; the microphone at the same distance throughout.</dd>
    <dt>Length</dt><dd>Five to thirty seconds of one task, begun and ended with the face at rest.</dd>
  </dl>
</aside>"""


def build(workspace: Workspace, sessions: Sessions, owners: Owners) -> None:
    """Lay out the page inside the current Gradio context."""

    def start(selection: str, task: str, model: str, request: gr.Request) -> str:
        """Assess what this browser session uploaded: returns the assessment's id, or what stands in the way."""
        owner = owners.of(request.request)
        chosen = _parse(selection)
        try:
            judge = _judge(model)  # before the upload is taken, which is then gone from the page
        except RunError as error:
            return _answer(error=str(error))
        recording = workspace.take(owner, chosen.get("recording", "")) if owner else None
        if owner is None or recording is None:
            return _answer(error="Choose a recording first.")
        sound = workspace.take(owner, chosen.get("sound", ""))
        return submit(replace(_order(owner, recording, sound, task), judge=judge))

    def start_example(model: str, request: gr.Request) -> str:
        """Assess the bundled synthetic example: returns the assessment's id, or what stands in the way."""
        owner = owners.of(request.request)
        if owner is None or not EXAMPLE.exists():
            return _answer(error="The example is not here: reload the page, or choose a recording of your own.")
        try:
            return submit(Order(owner, EXAMPLE.name, EXAMPLE, None, "", None, True, (), _judge(model)))
        except RunError as error:
            return _answer(error=str(error))

    def submit(order: Order) -> str:
        try:
            return _answer(job=sessions.submit(order).id)
        except BusyError as error:
            return _answer(error=str(error))

    shell.header("/assess")
    with gr.Column(elem_id="dv-start"):
        gr.HTML(html_template=_INTRODUCTION, js_on_load=None, apply_default_css=False)
        with gr.Row(elem_id="dv-start-columns"):
            with gr.Column(scale=7, elem_classes="dv-card"):
                chosen = intake.build()
                task = gr.Dropdown(list(TASKS), value="", label="Task (optional)", elem_id="dv-task", filterable=False)
                model = model_choice.build()
                with gr.Row(elem_id="dv-start-buttons"):
                    assess = gr.Button("Assess", variant="primary", elem_id="dv-go")
                    example = gr.Button("Try the synthetic example", elem_id="dv-example", visible=EXAMPLE.exists())
            with gr.Column(scale=4):
                gr.HTML(html_template=_ADVICE, js_on_load=None, apply_default_css=False)
    shown = assessment.build()
    assess.click(start, [chosen, task, model], shown, queue=False, show_progress="hidden", api_name="assess")
    example.click(start_example, model, shown, queue=False, show_progress="hidden", api_name="assess_example")


def _judge(model: str) -> Judge | None:
    return Judge(model, run_entry(model).folder) if model else None


def _order(owner: str, recording: Upload, sound: Upload | None, task: str) -> Order:
    spent = tuple(upload.path.parent for upload in (recording, sound) if upload is not None)
    known = task if task in {code for _, code in TASKS} else ""
    return Order(
        owner=owner,
        name=recording.name,
        recording=recording.path,
        sound=sound.path if sound else None,
        sound_name=sound.name if sound else "",
        task=known or None,
        example=False,
        spent=spent,
    )


def _parse(selection: str) -> dict[str, str]:
    try:
        chosen = json.loads(selection or "{}")
    except (TypeError, ValueError):
        return {}
    return {key: value for key, value in chosen.items() if isinstance(value, str)} if isinstance(chosen, dict) else {}


def _answer(**content: str) -> str:
    # A nonce, because the page is only told of a value that differs from the last.
    return json.dumps(content | {"nonce": secrets.token_hex(4)})
