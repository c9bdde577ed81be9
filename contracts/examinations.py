"""What is measured by changing the picture: hidden regions, black-box maps, degradations.

A dict by expression has all names.
"""

from contracts.files import Contract


class RegionCell(Contract):
    """One region on the faces of one expression; values are falls of its probability.

    Attributes:
        drop: mean, when the region is hidden.
        elsewhere: mean, when the same shape is hidden at a random place of the same faces.
        error: standard error of the mean difference of the two; None for a single face.
        n: faces that have the region.
        own: whether the region belongs to the expression.
    """

    drop: float
    elsewhere: float
    error: float | None
    n: int
    own: bool


class HiddenRegion(Contract):
    """A region, for every expression.

    Attributes:
        units: FACS numbers of the action units that share it.
        name: of the first one.
        area: mean share of the picture.
        cells: expression -> effect; None without a face.
    """

    units: tuple[int, ...]
    name: str
    area: float
    cells: dict[str, RegionCell | None]


class Estimate(Contract):
    """A mean with its 95 % bootstrap interval; both None where nothing counts.

    Attributes:
        value: mean per expression, averaged over expressions.
        interval: None also if there are no resamples.
        n: faces that count.
    """

    value: float | None
    interval: tuple[float, float] | None
    n: int


class RegionImportance(Contract):
    """What hiding the regions of action units does, on a sample of faces.

    Attributes:
        fill: what is seen instead: row of FILLS.
        faces: sampled.
        regions: the table.
        own: excess of the face's own regions: drop minus drop elsewhere.
        others: excess of all other regions.
        selectivity: own minus others.
        ranking: how often an own region costs more than another; .5 is no preference.
    """

    fill: str
    faces: int
    regions: list[HiddenRegion]
    own: Estimate
    others: Estimate
    selectivity: Estimate
    ranking: Estimate
