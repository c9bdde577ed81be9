"""The codebooks as a page of tables, docs/action_units.md, made from the data of the maps."""

from collections.abc import Iterable, Iterator, Sequence

from anatomy.action_units import (
    FURTHER_UNITS,
    PUBLISHED_CANVAS_PX,
    PUBLISHED_EYES_PX,
    ActionUnit,
    Ellipse,
    Extent,
)
from anatomy.au_coding import LEAST, LEAST_SHARE
from anatomy.codebooks import ACTIVE_SIDES, CODEBOOKS, PUBLISHED, Codebook, codebook_of
from contracts.labels import LabelSet, LabelUnit
from labels.reading import read_labels, shipped

BASE = PUBLISHED
"""The codebook with which the others are compared."""

_PAGE = """\
# Action units: where they are drawn, and for which expression

`python cli.py view codebook docs` writes this page, and beside it the figure `codebook.png`, from
the data that draws the maps (`anatomy/action_units.py`). `python cli.py view heatmaps FACES
LANDMARKS OUT` shows the maps on faces.

## Regions

Every action unit is one or two upright filled ellipses, set by landmarks (iBUG numbering, 0 to 67)
and cut toward zero to whole px of the {canvas} px canvas. "Left" is the viewer's left; x36 is the x
of point 36. A half axis of zero or less is replaced by the value under "else".

AU {further} are not published: their regions are our own, where the Facial Action
Coding System sees the change. A map of all action units has them only if a class of the label set
has.

{units}

An action unit on one side of the face (`side: left` or `right`, of the viewer) is one of its two
ellipses. `side: active` is the side that moves more by its landmarks, face by face: the one where
two points are nearer to each other, and the left one where they are equally near:

{sides}

## Expressions

{expressions}

{others}

## A face's own action units

The kinds `own_au` and `own_or_codebook` draw the units that were coded on a face ([how they come
in](datasets.md#the-faces-own-action-units)), in the same regions: each as bright as its unit is
intense, from 0 to 1, on both sides alike; where regions overlap, the brighter one is seen. Units
weaker than `least` ({least}, half of FACS's trace) are not drawn, nor are units without a region
here. The map is then stretched to [0, 1]. `own_au` has no map where nothing was coded or nothing
acts; `own_or_codebook` takes the units of the expression where nothing was coded.
`alignment: {{heatmap: own_au}}` in a variant trains on them.

## Soft labels

The kind `soft_au` draws the mixture of the classes that several people saw in a face ([how their
labels come in](datasets.md#several-peoples-labels-shares)): the mean of the classes' maps, each
weighted by its share, then stretched to [0, 1]. A class without action units, such as Neutral, adds
nothing; if no other class is drawn, there is no map. Shares below `least` ({least_share}, so one of
ten votes) are not drawn. A face whose shares are not known has the map of its class.
`alignment: {{heatmap: soft_au}}` in a variant trains on them.

## Other label sets

`labels/` holds them; `python cli.py view codebook OUT --labels NAME` draws one, your own file, too.
A number in brackets is the weight: the height of its region in the map.

{sets}

Source: Belharbi et al., FG 2024 (arXiv 2402.00281), after Martinez, Valstar, Jiang and Pantic, IEEE
TAC 2017; names from the Facial Action Coding System (Ekman and Friesen, 1978).
"""


def table(labels: LabelSet) -> str:
    """Return the page of a label set, in Markdown."""
    books = {name: codebook_of(labels, name) for name in CODEBOOKS}
    base = books[BASE]
    units = [_unit(number, unit, base) for number, unit in sorted(base.regions.items())]
    names = [
        (name, *(numbers(book.expressions[name]) for book in books.values()))
        for name in labels.names
    ]
    others = [_differences(name, book, base) for name, book in books.items() if name != BASE]
    heads = ("AU", "name", "centres", "half axes, across × down", "else", f"drawn for (`{BASE}`)")
    return _PAGE.format(
        canvas=PUBLISHED_CANVAS_PX,
        least=LEAST,
        least_share=LEAST_SHARE,
        units=_markdown(heads, units),
        further=", ".join(map(str, FURTHER_UNITS)),
        sides=_markdown(("AU", "left", "right"), _sides()),
        sets=_markdown(("set", "class", "AUs"), _sets(labels)),
        expressions=_markdown(("expression", *(f"`{name}`" for name in CODEBOOKS)), names),
        others="\n\n".join(others),
    )


def _sides() -> Iterator[tuple[str, ...]]:
    pairs: dict[object, list[int]] = {}
    for number, near in ACTIVE_SIDES.items():
        pairs.setdefault(near, []).append(number)
    for units in pairs.values():
        left, right = ACTIVE_SIDES[units[0]]
        yield ", ".join(map(str, units)), f"{left[0]} and {left[1]}", f"{right[0]} and {right[1]}"


def _sets(labels: LabelSet) -> Iterator[tuple[str, ...]]:
    """Yield every class of the other sets that come with AULens."""
    for one in map(read_labels, shipped()):
        for each in one.classes if one != labels else ():
            yield f"`{one.name}`", each.name, " ".join(map(_used, each.aus)) or "–"


def _used(unit: LabelUnit) -> str:
    side = "" if unit.side == "both" else f" {unit.side}"
    weight = "" if unit.weight == 1 else f" ({unit.weight:g})"
    return f"{unit.au}{side}{weight}"


def numbers(units: Sequence[int]) -> str:
    """Return FACS numbers as people write them: 'AU6 12 25'."""
    return f"AU{' '.join(map(str, units))}" if units else "no AU"


def _unit(number: int, unit: ActionUnit, book: Codebook) -> tuple[str, ...]:
    users = [name for name, units in book.expressions.items() if number in units]
    return (
        str(number),
        unit.name,
        _centres(unit),
        _axes(unit),
        _least(unit),
        ", ".join(users) or "–",
    )


def _centres(unit: ActionUnit) -> str:
    return "; ".join(_centre(ellipse) for ellipse in unit.region)


def _axes(unit: ActionUnit) -> str:
    return "; ".join(dict.fromkeys(_shape(ellipse) for ellipse in unit.region))


def _shape(ellipse: Ellipse) -> str:
    """Return the half axes; a span along x differs from the same span along y."""
    if ellipse.a == ellipse.b and ellipse.a.span is None:
        return f"circle, radius {ellipse.a}"
    return f"{_length(ellipse.a, 'x')} × {_length(ellipse.b, 'y')}"


def _least(unit: ActionUnit) -> str:
    spans = [one for ellipse in unit.region for one in (ellipse.a, ellipse.b) if one.span]
    return ", ".join(dict.fromkeys(f"{one.least} px" for one in spans)) or "–"


def _centre(ellipse: Ellipse) -> str:
    """Return where the centre lies: a point, between two, or x and y from different points."""
    if ellipse.x == ellipse.y:
        first, second = ellipse.x
        position = str(first) if first == second else f"middle of {first} and {second}"
    else:
        position = f"{_mean('x', ellipse.x)}, {_mean('y', ellipse.y)}"
    if ellipse.right:
        position += f", {abs(ellipse.right)} px to the {'right' if ellipse.right > 0 else 'left'}"
    if ellipse.down is not None:
        position += f", canvas/{ellipse.down} down"
    return position


def _mean(axis: str, points: tuple[int, int]) -> str:
    first, second = points
    return f"{axis}{first}" if first == second else f"({axis}{first} + {axis}{second})/2"


def _length(extent: Extent, axis: str) -> str:
    if extent.span is None or extent.canvas is not None:
        return str(extent)
    start, end = extent.span
    extra = f" + {extent.extra} px" if extent.extra else ""
    return f"({axis}{end} − {axis}{start}{extra})/2"


def _differences(name: str, book: Codebook, base: Codebook) -> str:
    return "\n".join((f"## What `{name}` changes", "", *_changes(book, base)))


def _changes(book: Codebook, base: Codebook) -> Iterator[str]:
    for expression in book.expressions:
        now, was = book.expressions[expression], base.expressions[expression]
        if now != was:
            yield f"- {expression}: {numbers(now)}, not {numbers(was)}."
    for number, unit in book.regions.items():
        was_unit = base.regions[number]
        if unit.region != was_unit.region:
            yield f"- AU{number}, {unit.name}: centres {_centres(unit)}, not {_centres(was_unit)}."
            if _axes(unit) != _axes(was_unit):
                yield f"  Half axes {_axes(unit)}, not {_axes(was_unit)}."
    if book.face_scaled and not base.face_scaled:
        yield (
            "- Lengths follow the face: those in px and those in parts of the canvas are\n"
            f"  multiplied by the distance of the eye centres / {PUBLISHED_EYES_PX} px, which\n"
            "  is 1 in the published crops."
        )


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
