"""A table of printed cells, made of columns; and how numbers are printed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

ABSENT = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        group: upper head, shared with its neighbours; empty for none.
        head: its own head.
        cells: as printed.
        optional: whether to leave it out if no row has a value.
    """

    group: str
    head: str
    cells: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table to print.

    Attributes:
        name: of its files; unique on a page.
        groups: (words, columns spanned) of the upper head; words are empty where nothing is shared.
        head: one word per column.
        rows: cells as printed.
        text_columns: how many leading columns hold text; the others hold numbers.
        external_rows: indices of the rows that were not measured here.
    """

    name: str
    groups: tuple[tuple[str, int], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int
    external_rows: frozenset[int] = field(default_factory=frozenset)


def make_table(
    name: str,
    columns: Sequence[Column],
    text_columns: int,
    external_rows: frozenset[int] = frozenset(),
) -> Table:
    """Join columns to a table, without the optional ones that hold no value."""
    kept = [one for one in columns if not one.optional or {*one.cells} - {ABSENT}]
    spans = [(words, len(list(same))) for words, same in groupby(one.group for one in kept)]
    return Table(
        name=name,
        groups=tuple(spans) if any(words for words, _ in spans) else (),
        head=tuple(one.head for one in kept),
        rows=tuple(zip(*(one.cells for one in kept), strict=True)),
        text_columns=text_columns,
        external_rows=external_rows,
    )


def format_number(value: float | None) -> str:
    """Print three decimals with a true minus; an en dash for None."""
    return ABSENT if value is None else f"{value:z.3f}".replace("-", "−")


def format_signed(value: float | None) -> str:
    """Print three decimals with their sign; an en dash for None."""
    return ABSENT if value is None else f"{value:+z.3f}".replace("-", "−")


def format_interval(
    interval: tuple[float, float] | None,
    printed: Callable[[float | None], str] = format_number,
) -> str:
    """Print an interval as '0.712 to 0.788'; an en dash for None."""
    return ABSENT if interval is None else " to ".join(map(printed, interval))


def flatten(value: object, key: str = "") -> dict[str, object]:
    """Flatten nested settings to 'a.b' -> value."""
    if isinstance(value, Mapping):
        return {
            name: inner
            for part, nested in value.items()
            for name, inner in flatten(nested, f"{key}.{part}" if key else str(part)).items()
        }
    return {key: value}
