"""What is measured by changing the picture: hidden regions, black-box maps, degradations.

A dict by expression has all names.
"""

from contracts.files import Contract
from contracts.model_cards import ModelCard


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


class Suspicion(Contract):
    """Something that would make a card right more often: no proof that it is wrong.

    Attributes:
        what: would have to be different.
        accuracy, accuracy_then: on the same faces, as the card is and if it were different.
        standard_errors: by how many the difference is above zero (McNemar).
        faces: on how many.
    """

    what: str
    accuracy: float
    accuracy_then: float
    standard_errors: float
    faces: int


class BlackBoxScores(Contract):
    """Agreement of a black-box map with the AU map, on a sample of faces.

    Attributes:
        method: row of BLACK_BOX_METHODS.
        faces: sampled. passes: of the model per face.
        cosine, selectivity: as cam_cos of contracts.scores.
        cosine_error, selectivity_error: standard error of each from the chance in the masks
            (jackknife); None for a method without chance.
        map_error: mean standard error of a map's values, as a share of the map's own spread; None
            likewise. Near 1, the maps are noise.
        uniform: cosine of a uniform map on the same faces.
    """

    method: str
    faces: int
    passes: int
    cosine: Estimate
    selectivity: Estimate
    cosine_error: float | None
    selectivity_error: float | None
    map_error: float | None
    uniform: float | None


class DegradedPoint(Contract):
    """Scores on degraded faces; agreement is None for a model without a map, or without faces.

    Attributes:
        amount: of the degradation; None where there is none.
        accuracy, balanced_accuracy: on `n` faces.
        accuracy_error: standard error of the accuracy.
        att_cos, cam_cos: mean cosines per expression, averaged; the AU maps turn with the face.
    """

    amount: float | None
    accuracy: float
    balanced_accuracy: float
    accuracy_error: float
    att_cos: float | None
    cam_cos: float | None
    n: int


class DegradationCurve(Contract):
    """One kind of degradation: unit of its amounts, and the scores at each."""

    name: str
    unit: str
    points: list[DegradedPoint]


class Robustness(Contract):
    """Scores on the same faces, whole and degraded."""

    whole: DegradedPoint
    curves: list[DegradationCurve]


class Examination(Contract):
    """examination.json: what command examine measures beyond scores.json.

    Attributes:
        model: what was examined: the name of a file, function or run.
        kind: run, onnx or function.
        card: of an ONNX file; None for others.
        unscored_share: mean probability of classes that AULens has no expression for.
        never_answered: expressions that the model does not know.
        suspicions: about the card.
        passes: of the model in all. ms_per_pass: as measured on the first faces.
        maps: black-box maps. robustness: scores on degraded faces; None if switched off.
    """

    model: str
    kind: str
    card: ModelCard | None
    unscored_share: float
    never_answered: list[str]
    suspicions: list[Suspicion]
    passes: int
    ms_per_pass: float
    maps: list[BlackBoxScores]
    robustness: Robustness | None
