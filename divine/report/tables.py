"""Filled tables as CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import groupby

from divine.evaluation.evaluate import Estimate
from divine.evaluation.filled import FilledRow, FilledTable
from divine.report.layout import BLOCKS, TEST_HEADINGS, UNITS, Line, Stamp, footnotes, headings, lines, percent, tests, title

_ESTIMATE = Estimate._fields
FIELDS = (
    *("table", "block", "row", "group", "metric", "unit", "system", "encoders", "objective", "tasks", "train_modalities"),
    *("modalities", "paper", *(f"ours_{one}" for one in _ESTIMATE), *(f"ours_subject_{one}" for one in _ESTIMATE), "why"),
    *("against", "difference", "difference_low", "difference_high", "wilcoxon_holm_p", "corrected_t_p", "runs_p_dependent"),
    *("synthetic", "test_encoders", "folds", "seeds", "epochs"),
)


def as_csv(filled: FilledTable, stamp: Stamp) -> str:
    """Write a line per number, in the paper's unit; a number that there is not leaves its cell empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    marks = {"synthetic": stamp.synthetic, "test_encoders": stamp.test_encoders}
    marks |= {"folds": stamp.folds, "seeds": stamp.seeds, "epochs": stamp.epochs}
    for row in filled.rows:
        writer.writerows(line | marks for line in _records(filled, row))
    return out.getvalue()


def _records(filled: FilledTable, row: FilledRow) -> list[dict[str, object]]:
    found = []
    for place, (column, cell, number) in enumerate(zip(filled.columns, row.row.cells, row.numbers, strict=True)):
        line: dict[str, object] = {
            "table": filled.table.number,
            "block": row.row.block,
            "row": row.row.label,
            "group": column.group,
            "metric": column.metric,
            "unit": UNITS[column.metric],
            "system": cell.system,
            "encoders": cell.unit.encoders,
            "objective": cell.unit.objective,
            "tasks": cell.unit.tasks,
            "train_modalities": cell.unit.train_modalities,
            "modalities": cell.modalities,
            "paper": number.printed,
            "why": number.why,
        }
        for prefix, estimate in (("ours", number.ours), ("ours_subject", number.per_subject)):
            line |= _numbers(prefix, column.metric, estimate)
        first = column.group == filled.columns[0].group  # the tests are of the first setting
        tested = next((one for one in row.against if first and one.metric == column.metric), None)
        if tested is not None and place < len(filled.columns):
            c, scale = tested.comparison, percent(column.metric, 1.0)
            line |= {"against": filled.table.against, "difference": round(scale * c.difference, 4)}
            line |= {"difference_low": round(scale * c.low, 4), "difference_high": round(scale * c.high, 4)}
            p_values = {"wilcoxon_holm_p": tested.holm_p, "corrected_t_p": c.corrected_t_p, "runs_p_dependent": c.runs_p}
            line |= {name: None if p is None else round(p, 6) for name, p in p_values.items()}
        found.append(line)
    return found


def _numbers(prefix: str, metric: str, estimate: Estimate | None) -> dict[str, object]:
    if estimate is None:
        return {}
    return {f"{prefix}_{name}": round(percent(metric, value), 4) for name, value in zip(_ESTIMATE, estimate, strict=True)}


def as_markdown(filled: FilledTable, stamp: Stamp) -> str:
    """Write the table, its tests and its footnotes for reading."""
    groups = [column.group for column in filled.columns]
    heads = [f"{group}: {head}" for group, head in zip(groups, headings(filled), strict=True)]
    parts = [f"# {title(filled)}", "", *(f"> {line}  " for line in stamp.lines), ""]
    parts += [_markdown_row(["", "", *heads]), _markdown_row(["---", "---", *["---:"] * len(heads)])]
    block = "paper"
    for line in lines(filled):
        if line.block != block:
            block = line.block
            parts.append(_markdown_row([f"*{BLOCKS[block]}*", *[""] * (len(heads) + 1)]))
        cells = [f"**{cell}**" if bold else cell for cell, bold in zip(line.cells, line.bold, strict=True)]
        parts.append(_markdown_row([line.label if line.whose == "ours" else "", line.whose, *cells]))
    if tests(filled):
        parts += ["", f"## Against {filled.table.against}, {filled.columns[0].group}", ""]
        parts += [_markdown_row(TEST_HEADINGS), _markdown_row(["---", *["---:"] * (len(TEST_HEADINGS) - 1)])]
        parts += [_markdown_row(line) for line in tests(filled)]
    parts += ["", *(f"{number}. {note}" for number, note in enumerate(footnotes(filled), start=1)), ""]
    return "\n".join(parts)


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def as_latex(filled: FilledTable, stamp: Stamp) -> str:
    """Write the table and its tests for a paper; it needs no package."""
    count = len(filled.columns)
    groups = [(group, len(list(same))) for group, same in groupby(column.group for column in filled.columns)]
    spans = " & ".join(rf"\multicolumn{{{size}}}{{c}}{{{_escape(group)}}}" for group, size in groups)
    parts = [
        *(f"% {line}" for line in stamp.lines),
        r"\begin{table*}",
        r"\centering\scriptsize",
        rf"\begin{{tabular}}{{ll{'r' * count}}}",
        r"\hline",
        rf" & & {spans} \\",
        rf" & & {' & '.join(_escape(head) for head in headings(filled))} \\",
        r"\hline",
    ]
    block = "paper"
    for line in lines(filled):
        if line.block != block:
            block = line.block
            parts.append(r"\hline")
        parts.append(_latex_line(line))
    parts += [r"\hline", r"\end{tabular}"]
    if tests(filled):
        parts += ["", r"\medskip", rf"\begin{{tabular}}{{l{'r' * (len(TEST_HEADINGS) - 1)}}}", r"\hline"]
        parts += [rf"{' & '.join(_escape(cell) for cell in line)} \\" for line in (TEST_HEADINGS, *tests(filled))]
        parts += [r"\hline", r"\end{tabular}"]
    caption = " ".join([title(filled) + ".", *stamp.lines, *footnotes(filled)])
    parts += [rf"\caption{{{_escape(caption)}}}", rf"\label{{tab:divine-{filled.table.number}}}", r"\end{table*}", ""]
    return "\n".join(parts)


def _latex_line(line: Line) -> str:
    cells = [
        rf"\textbf{{{_escape(cell)}}}" if bold else _escape(cell) for cell, bold in zip(line.cells, line.bold, strict=True)
    ]
    return " & ".join([_escape(line.label) if line.whose == "ours" else "", line.whose, *cells]) + r" \\"


_LATEX = {
    **{mark: rf"\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "–": "--",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    "`": "'",
}


def _escape(text: str) -> str:
    return "".join(_LATEX.get(mark, mark) for mark in text)
