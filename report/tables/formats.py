"""Tables as files: for a spreadsheet, a note or a paper."""

import csv
import io
from collections.abc import Callable, Sequence
from itertools import accumulate

from errors import printable
from report.tables.table import ABSENT, Table
from store.tables import inert

_LATEX = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": "$-$",
    "±": r"$\pm$",
    "→": r"$\to$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "†": r"$^\dagger$",
    "·": r"$\cdot$",
    ABSENT: "--",
    "[": "{[}",  # at the beginning of a row, the line end before it would take it for a length
    "*": "{*}",  # and this for its starred form
}
_MARKDOWN = {
    **{char: f"\\{char}" for char in "\\`*[]|!"},  # without brackets there is no remote image
    "<": "&lt;",
}


def as_csv(table: Table) -> str:
    """Comma-separated, numbers with an ASCII minus, nothing for a dash; one line of heads.

    No spreadsheet takes a name in it for a formula.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(inert, _full_heads(table)))
    writer.writerows(map(_bare, row) for row in table.rows)
    return file.getvalue()


def _bare(cell: str) -> str:
    return "" if cell == ABSENT else inert(cell.replace("−", "-"))


def as_markdown(table: Table) -> str:
    """A pipe table, numbers to the right."""
    rules = [":--" if place < table.text_columns else "--:" for place in range(len(table.head))]
    lines = [_full_heads(table), rules, *table.rows]
    return "".join(f"| {' | '.join(map(_piped, line))} |\n" for line in lines)


def _piped(cell: str) -> str:
    return "".join(_MARKDOWN.get(char, char) for char in printable(cell))


def as_latex(table: Table) -> str:
    """A tabular of the package booktabs, with the upper heads as spans."""
    sides = "".join("l" if place < table.text_columns else "r" for place in range(len(table.head)))
    heads = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{{sides}}}", r"\toprule"]
    if table.groups:
        spans = [rf"\multicolumn{{{span}}}{{c}}{{{_tex(words)}}}" for words, span in table.groups]
        ends = list(accumulate(span for _, span in table.groups))
        rules = [
            rf"\cmidrule(lr){{{end - span + 1}-{end}}}"
            for (words, span), end in zip(table.groups, ends, strict=True)
            if words
        ]
        heads += [" & ".join(spans) + r" \\", " ".join(rules)]
    body = [_latex_line(row) for row in table.rows]
    feet = [r"\bottomrule", r"\end{tabular}", ""]
    return "\n".join([*heads, _latex_line(table.head), r"\midrule", *body, *feet])


def _latex_line(cells: Sequence[str]) -> str:
    return " & ".join(map(_tex, cells)) + r" \\"


def _tex(text: str) -> str:
    return "".join(_LATEX.get(char, char) for char in printable(text))


def _full_heads(table: Table) -> list[str]:
    groups = [words for words, span in table.groups for _ in range(span)] or [""] * len(table.head)
    return [f"{group} {head}".strip() for group, head in zip(groups, table.head, strict=True)]


FORMATS: dict[str, Callable[[Table], str]] = {
    "csv": as_csv,
    "md": as_markdown,
    "tex": as_latex,
}
"""Ending of a file -> what writes it."""
