"""A report's document → PDF, or pictures of its pages. Templates take it as data, so no name in it can become markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from divine.report.document import Document
from divine.report.errors import ReportError

TEMPLATES = Path(__file__).parent / "templates"
Template = Literal["assessment", "run", "subject"]
_SCREEN_PPI = 110.0


def pdf(document: Document, template: Template) -> bytes:
    """Set a document as a tagged PDF (PDF/UA-1); the same document gives the same bytes.

    Raises:
        ReportError: the document does not fit the template.
    """
    return _compiled(document, template, "pdf")[0]


def pages(document: Document, template: Template) -> list[bytes]:
    """Set a document as pictures, a PNG per page, for a preview.

    Raises:
        ReportError: the document does not fit the template.
    """
    return _compiled(document, template, "png")


def _compiled(document: Document, template: Template, form: Literal["pdf", "png"]) -> list[bytes]:
    import typst

    # Text that no page can show (surrogates of names that are no UTF-8, NUL) would stop the typesetter.
    text = json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace").decode()
    try:
        made = typst.compile(
            TEMPLATES / f"{template}.typ",
            root=TEMPLATES,
            ignore_system_fonts=True,  # the same pages on every machine
            format=form,
            ppi=_SCREEN_PPI if form == "png" else None,
            sys_inputs={"data": text},
            pdf_standards=["ua-1"] if form == "pdf" else [],
            timestamp=0,
        )
    except typst.TypstError as error:
        raise ReportError(f"the report could not be set ({error}). Please report this as a defect.") from error
    if made is None:
        raise ReportError("the typesetter returned nothing. Please report this as a defect.")
    return made if isinstance(made, list) else [made]
