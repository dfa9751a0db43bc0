from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from divine import demonstration
from divine.data.schema import ClipEntry
from divine.measures import CATALOGUE
from divine.records import Curve, Measure, Measured, Quality
from divine.report.errors import ReportError
from divine.report.subject import CURVE_POINTS, Context, Recorded, curve_document, subject_document
from divine.services import report, runs
from divine.store import StoreError
from tests.report.conftest import HOSTILE, train


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_numbers_are_those_of_the_prediction_table(context: Context, run: Path):
    subject = context.index.subjects[1]
    document = report.subject_report(context, subject)
    table = pd.read_parquet(run / "predictions.parquet")
    mine = table.query("part == 'test' and system == 'divine' and modalities == 'audio+video'")
    mine = mine[(mine.group == subject.group) & (mine.subject == subject.subject)]
    assert len(mine) == 2
    for name, said in zip(document["overall"]["classes"], document["overall"]["probabilities"], strict=True):
        assert said == pytest.approx(mine[f"probability_{name}"].mean(), rel=1e-5)
    assert document["overall"]["severity"]["total"] == pytest.approx(mine.predicted_total.mean(), rel=1e-5)
    assert [clip["severity"]["total"] for clip in document["clips"]] == pytest.approx(list(mine.predicted_total), rel=1e-5)
    assert document["performance"]["modalities"] == "audio+video"


def test_raters_stand_beside_the_model_each_as_given(context: Context):
    subject = context.index.subjects[0]
    document = report.subject_report(context, subject)
    given = [rating.scores[0] for clip in context.index.of(subject) for rating in clip.ratings if rating.rater == "SLP1"]
    assert document["rated"]["SLP1"]["items"]["symmetry"] == np.mean([float(one or 0) for one in given])
    assert "SLP2" not in document["rated"]  # this rater scored one item of two, so has no total
    assert document["clips"][0]["ratings"][1]["items"].keys() == {"symmetry"}


def test_what_is_not_there_is_absent(context: Context):
    document = report.subject_report(context, context.index.subjects[0])
    for clip in document["clips"]:
        assert "measures" not in clip
        assert clip["why"] == "Only features were given, no recording."
        assert clip["modalities"] == ["audio", "video"]
    assert not document["synthetic"]


def test_a_hostile_id_is_text_and_nothing_else(context: Context, tmp_path: Path):
    subject = next(one for one in context.index.subjects if one.subject == HOSTILE)
    document = report.subject_report(context, subject)
    pdf, kept = report.write_report(document, tmp_path, str(subject), ("pdf", "json"))
    assert pdf.parent == kept.parent == tmp_path
    assert json.loads(kept.read_text()) == document
    shown = text_of(pdf.read_bytes())
    assert '#eval("1") *b* $y$ <script>' in shown
    assert "Subject" in shown
    assert "Research use only" in shown


def test_the_same_document_gives_the_same_pages(context: Context):
    document = report.subject_report(context, context.index.subjects[0])
    assert report.report_pdf(document) == report.report_pdf(document)
    assert all(page.startswith(b"\x89PNG") for page in report.report_pages(document))


def test_measures_and_curves_are_set(context: Context):
    person = context.index.subjects[0]
    entry = context.index.of(person)[0]
    times = np.arange(400) / 100
    gap = np.where((times > 1) & (times < 2), np.nan, np.sin(times))
    curves = (
        Curve("lip_aperture", "Lip aperture", "ICD", "video", times, gap),
        Curve("f0", "Pitch (F0)", "Hz", "audio", times, np.full(400, np.nan)),
        Curve("intensity", "Intensity", "dBFS", "audio", times, np.full(400, -30.0)),
    )
    measures = (Measure("ddk_pa_rate", 4.0), Measure("hnr", 12.0))
    document = subject_document(context, person, [Recorded(entry, Measured(measures, curves, Quality(())))])
    shown = text_of(report.report_pdf(document))
    assert CATALOGUE["ddk_pa_rate"].norm_note in shown.replace("- ", "")  # whose norm it is, on paper too
    assert [("norm_note" in one) for one in document["clips"][0]["measures"]] == [True, False]
    assert "Lip aperture (ICD)" in shown
    assert "Intensity (dBFS)" in shown
    assert "Pitch" not in shown


def test_a_thinned_curve_keeps_its_means_and_its_gaps():
    times = np.arange(10_000) / 100
    values = np.where(times < 50, 3.0, np.nan)
    thin = curve_document(Curve("f0", "F0", "Hz", "audio", times, values))
    assert len(thin["values"]) == len(thin["times_s"]) == CURVE_POINTS
    assert thin["values"][:149] == [3.0] * 149
    assert thin["values"][-1] is None
    assert curve_document(Curve("f0", "F0", "Hz", "audio", times[:0], values[:0]))["values"] == []


def test_a_cohort_without_ratings_has_no_severity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    context = report.open_report(train(tmp_path, monkeypatch, ratings=False, groups=("ALS", "Healthy")))
    document = report.subject_report(context, context.index.subjects[0])
    assert "rated" not in document
    assert "severity" not in document["overall"]
    assert "Severity" not in text_of(report.report_pdf(document))


def test_a_run_over_its_cohort(context: Context):
    document = report.run_report(context)
    assert {one["system"] for one in document["results"]} == {"divine", "majority"}
    counts = np.array(document["confusion"]["counts"])
    assert counts.sum() == len(context.index.subjects)
    right = sum(one["prediction"] == one["group"] for one in document["subjects"])
    assert np.trace(counts) == right
    shown = text_of(report.report_pdf(document))
    assert "majority" in shown
    assert "Who is taken for whom" in shown


def test_a_run_is_called_the_same_on_the_pages_and_in_its_reports(context: Context, run: Path):
    shipped = report.open_report(demonstration.RUN)
    entry = next(one for one in runs.runs() if one.id == runs.SHIPPED_ID)
    assert shipped.run == entry.name == report.run_report(shipped)["run"]["name"] == "Demonstration run"
    assert context.run == runs.open_run(run).name == run.name
    assert "(run: Demonstration run)" in text_of(report.report_pdf(subject_document(shipped, shipped.index.subjects[0], [])))


def test_an_address_that_means_nobody_or_several_is_refused(context: Context):
    with pytest.raises(ReportError, match="no such subject"):
        report.find_subject(context.index, "Z9")
    with pytest.raises(ReportError, match=r"may be .*Stroke/P1"):
        report.find_subject(context.index, "P1")
    assert report.find_subject(context.index, str(context.index.subjects[-1])) == context.index.subjects[-1]


def test_a_folder_that_cannot_be_written_is_named(context: Context, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"P1\.json"):
        report.write_report(report.run_report(context), tmp_path / "file", "P1", ("json",))


@pytest.mark.parametrize(
    ("text", "name"), [("../../etc/passwd", "etc_passwd"), ("a b'\n", "a_b"), ("…", "report"), ("x" * 200, "x" * 80)]
)
def test_any_name_becomes_a_plain_file_name(text: str, name: str):
    assert report.safe_name(text) == name


def test_no_clip_at_all_is_still_a_report(context: Context):
    entry = ClipEntry("cohort", "ALS", "nobody", "", "DDK_PA", "nothing")
    document = subject_document(context, entry.person, [Recorded(entry, None, "not here")])
    assert "overall" not in document
    assert "This run tested none" in text_of(report.report_pdf(document))
