"""scores.json: what stage evaluate writes and the report reads.

Shapes: V classes. A dict by expression has the names of all.
"""

from typing import Any, Literal

from pydantic import Field

from contracts.examinations import Estimate, RegionImportance
from contracts.files import Contract
from contracts.labels import LabelSet
from contracts.repeats import Repeat
from contracts.soft_scores import SoftScores
from contracts.valence_arousal import ValenceArousalScores

BASELINES = {"uniform": "uniform", "all_aus": "all AUs", "class_mean": "class mean"}
"""Maps that need no classifier -> their names in print. Their cosines put a run's in perspective:

uniform     the same value everywhere
all_aus     the face's own map of all action units, whatever the expression
class_mean  the mean AU map of the expression over the scored faces, so fitted to them
"""

OWN_BASELINES = {"uniform": "uniform", "all_aus": "all AUs", "stencil": "stencil of the class"}
"""Maps that know nothing of the single face -> their names in print: as in BASELINES, and

stencil     the AU map of the face's expression, from the codebook
"""

Interval = tuple[float, float] | None
"""[low, high]; None where no face counts."""


class MacroAverage(Contract):
    """A value per face, averaged per expression, then over expressions, as published.

    Attributes:
        overall: unweighted mean of the expressions that have a counted face; None if none has.
        per_class: mean per expression; None without a counted face.
        n_valid: faces that count.
        n: scored faces.
    """

    overall: float | None
    per_class: dict[str, float | None]
    n_valid: int
    n: int


class Agreement(MacroAverage):
    """Cosine between a map of the model and the AU map of the face's expression.

    Attributes:
        centred: the same with both means taken out (Pearson's correlation).
        selectivity: cosine with the own expression's map minus the mean cosine with the others'.
    """

    centred: MacroAverage
    selectivity: MacroAverage


class Baselines(Contract):
    """Cosines that need no classifier; see BASELINES."""

    uniform: MacroAverage
    all_aus: MacroAverage
    class_mean: MacroAverage

    def titled(self) -> dict[str, MacroAverage]:
        """Return them by their names in print."""
        return {BASELINES[name]: average for name, average in self}


class OwnAgreement(MacroAverage):
    """Cosine between a map of the model and the map of the face's own coded action units.

    Attributes:
        selectivity: minus the cosine with the map, on this face, of what another face of the same
            expression does; 0 for a map that knows the expression alone.
    """

    selectivity: MacroAverage


class OwnBaselines(Contract):
    """Cosines with the map of the face's own action units; see OWN_BASELINES."""

    uniform: MacroAverage
    all_aus: MacroAverage
    stencil: MacroAverage

    def titled(self) -> dict[str, MacroAverage]:
        """Return them by their names in print."""
        return {OWN_BASELINES[name]: average for name, average in self}


class OwnUnitScores(Contract):
    """Does the model look at what this face does, or at the stencil of its expression?

    Attributes:
        coded: faces on which action units of their own were coded, present or absent. n: scored.
        att_cos: layer -> agreement of its attention. cam_cos: agreement of the CAM.
        baselines: of maps that know nothing of the single face.
        stencil_selectivity: selectivity of the expression's stencil, 0 but for chance.
        limit: selectivity of the own map itself: a model that sees all of it has so much.
    """

    coded: int
    n: int
    att_cos: dict[str, OwnAgreement]
    cam_cos: OwnAgreement
    baselines: OwnBaselines
    stencil_selectivity: MacroAverage
    limit: MacroAverage

    @property
    def attention(self) -> OwnAgreement:
        """Agreement of the deepest layer's attention."""
        return self.att_cos[max(self.att_cos, key=int)]


class CalibrationBin(Contract):
    """Faces whose confidence is in (low, high]; the means are None without one."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


class Calibration(Contract):
    """Expected calibration error, and the bins of a reliability diagram."""

    ece: float
    bins: list[CalibrationBin]


class Majority(Contract):
    """The most frequent expression of some faces, and its share of them."""

    expression: str
    share: float


class TrainMajority(Majority):
    """The most frequent expression in training, and what always answering it scores here."""

    accuracy: float


class ChanceLevel(Contract):
    """Accuracy without looking at the face.

    Attributes:
        uniform: of a die: one over the number of expressions.
        majority: of the scored faces: always answering it scores its share.
        train_majority: of the training faces; None if they are not known.
    """

    uniform: float
    majority: Majority
    train_majority: TrainMajority | None


class AuShare(Contract):
    """How the deepest attention treats one action unit.

    Attributes:
        name: of the AU.
        share: of the attention that lies on its region.
        area: share of the picture that is its region.
        ratio: mean of share / area.
        n: faces whose expression has the AU.
    """

    name: str
    share: float
    area: float
    ratio: float
    n: int


class Intervals(Contract):
    """95 % bootstrap intervals; `unit` is what was drawn. ATT is of the deepest layer.

    Those of `own` are of OwnUnitScores, those of `soft` of SoftScores.
    """

    unit: Literal["person", "sample"]
    units: int
    resamples: int
    level: float
    accuracy: Interval
    balanced_accuracy: Interval
    att_cos: Interval
    att_selectivity: Interval
    cam_cos: Interval
    cam_selectivity: Interval
    own_att_cos: Interval
    own_att_selectivity: Interval
    own_cam_cos: Interval
    own_cam_selectivity: Interval
    soft_cross_entropy: Interval = None
    soft_annotator: Interval = None


class Subgroup(Contract):
    """Faces with one value of an attribute; scores are None where there are too few."""

    value: str
    n: int
    accuracy: float | None
    n_valid: int
    att_cos: float | None


class PixelCurves(Contract):
    """Area under the probability while pixels are deleted or inserted in one order.

    Attributes:
        deletion, insertion: the areas.
        deletion_gain, insertion_gain: how much better than in a random order, on the same faces:
            a smaller area of deletion, a larger one of insertion.
    """

    deletion: MacroAverage
    insertion: MacroAverage
    deletion_gain: Estimate
    insertion_gain: Estimate


class Faithfulness(Contract):
    """PixelCurves in the order of the CAM, of the deepest attention, and at random.

    faces: on how many it was measured.
    """

    steps: int
    faces: int
    cam: PixelCurves
    attention: PixelCurves
    random: PixelCurves


class LearningCurve(Contract):
    """One metric over the training: epochs trained, also fractions, and its value after them."""

    epochs: list[float]
    values: list[float]


class LearningCurves(Contract):
    """curves.json: the learning curves of a run, by metric, as 'train/loss'; {} if unknown."""

    metrics: dict[str, LearningCurve]


class Scores(Contract):
    """scores.json: one run, scored on one split.

    Attributes:
        method, variant, repeat, backbone, train: of the run; train are its parameters.
        trained_on, dataset: names of datasets. notice: of the scored dataset.
        caveat: of the method: a warning to print beside its scores.
        split, checkpoint, geometry, cam_method, codebook: parameters of the evaluation.
        labels: the classes that are told apart.
        protocol: `paper` if the scored faces chose the checkpoint, `unknown` of an imported run
            that does not say, else `holdout`.
        scored, total: faces that were scored, and samples of the split.
        macro_f1: mean F1 of the expressions that occur or are predicted.
        recall: per expression; None for one that does not occur.
        confusion: (V, V); confusion[i][j] faces of expression i were predicted as j.
        n: scored faces.
        att_cos: layer, from "1" (shallow) on -> agreement of its attention.
        cam_cos: agreement of the CAM of the true expression.
        other_cams: CAM method -> agreement of its CAM; of imported runs whose published CAM is not
            that of their method.
        own_units: agreement with what each face itself does; None if nothing was coded.
        valence_arousal: how well they are predicted; None of a run without this head, or of faces
            without these values.
        soft: scores against the shares of several people's labels; None if none are known.
        au_shares: FACS number -> share of the attention on it.
        intervals: None if switched off or if there is only one person.
        subgroups: attribute of the dataset -> one entry per value.
        faithfulness: None if switched off.
        regions: what hiding the region of each action unit costs; None if switched off.
    """

    method: str
    variant: str
    repeat: str
    backbone: str
    train: dict[str, Any]
    trained_on: str
    dataset: str
    notice: str | None
    caveat: str | None
    split: str
    checkpoint: str
    geometry: str
    cam_method: str
    labels: LabelSet
    codebook: str
    protocol: Literal["holdout", "paper", "unknown"]
    scored: int
    total: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    recall: dict[str, float | None]
    confusion: list[list[int]]
    n: int
    calibration: Calibration
    chance_level: ChanceLevel
    att_cos: dict[str, Agreement]
    cam_cos: Agreement
    other_cams: dict[str, Agreement] = Field(default_factory=dict)
    baselines: Baselines
    own_units: OwnUnitScores | None
    valence_arousal: ValenceArousalScores | None = None
    soft: SoftScores | None
    au_shares: dict[str, AuShare]
    intervals: Intervals | None
    subgroups: dict[str, list[Subgroup]]
    faithfulness: Faithfulness | None
    regions: RegionImportance | None

    @property
    def seed(self) -> int:
        """Of the run."""
        return Repeat.parse(self.repeat).seed

    @property
    def alignment(self) -> dict[str, Any] | None:
        """Numbers of the AU alignment loss; None for a run without it."""
        numbers: dict[str, Any] | None = self.train["alignment"]
        return numbers

    @property
    def is_transfer(self) -> bool:
        """Whether the run was trained on another dataset than it is scored on."""
        return self.dataset != self.trained_on

    @property
    def layers(self) -> list[str]:
        """Keys of att_cos, shallow to deep."""
        return sorted(self.att_cos, key=int)

    @property
    def attention(self) -> Agreement:
        """Agreement of the deepest layer's attention."""
        return self.att_cos[self.layers[-1]]
