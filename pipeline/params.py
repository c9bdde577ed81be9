"""What is legal in the sections of params.yaml that belong to this folder.

Nothing here imports cv2, zarr, dask or torch: every command validates the whole file first.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from anatomy.au_coding import LEAST, LEAST_SHARE
from anatomy.codebooks import CODEBOOKS
from contracts.occlusion import OccludedParams, OccluderName
from errors import UsageError, pick
from pipeline.datasets import AUTO, DATASETS
from pipeline.faces.backends import BACKENDS
from validation import NameOf

GIVEN = "given"
"""Instead of a face backend: the landmarks that the dataset itself brings."""

NO_FOLDS: Final = "none"
BY_PERSON: Final = "persons"
"""One fold per person: leave one person out."""
FEWEST_FOLDS = 3
"""One fold is tested, the next one chooses the epoch, the others are trained on."""


def _known_unit(unit: int) -> int:
    try:
        pick(
            {str(number): None for number in CODEBOOKS["published"].units}, str(unit), "action unit"
        )
    except UsageError as error:
        raise _refused(error) from error
    return unit


def _refused(error: UsageError) -> PydanticCustomError:
    return PydanticCustomError("unknown_name", "{what}", {"what": error.what})


class IndexParams(BaseModel, frozen=True, extra="forbid"):
    """[index.<dataset>] in params.yaml."""

    reader: Annotated[str, NameOf({AUTO: None, **DATASETS}, "dataset reader")]
    options: dict[str, Any]  # of the reader: Reader.options says what is legal
    labels: str = Field(min_length=1)
    seed: int = Field(ge=0)
    val: float = Field(ge=0, lt=1)
    test: float = Field(ge=0, lt=1)
    folds: Literal["none", "persons"] | Annotated[int, Field(ge=FEWEST_FOLDS, le=1000)]
    follow_links: bool
    look_alikes: Literal["ignore", "report", "refuse"]
    look_alike_bits: int = Field(ge=0, le=6)
    max_unlabelled: float = Field(ge=0, le=1)
    allow_leak: bool


class AlignParams(BaseModel, frozen=True, extra="forbid"):
    """[align] in params.yaml."""

    size_px: int = Field(
        ge=32, le=448
    )  # landmarks reach 511 px in their 1/64 px, the chin may stick out
    backends: tuple[Annotated[str, NameOf(BACKENDS, "face backend")], ...] = Field(min_length=1)
    template: Literal["aulens", "arcface_112"]
    mode: Literal["auto", "align", "resize"]
    min_inside_fraction: float = Field(ge=0, le=1)
    min_face_width: float = Field(ge=0, le=1)
    no_face: Literal["skip", "resize"]
    faces: Literal["largest_central", "centre", "reject"]
    min_side_px: int = Field(ge=1)
    max_pixels: int = Field(ge=1)
    grey: bool
    codec: Literal["raw", "jpeg"]
    row_timeout_s: float = Field(gt=0)
    row_memory_gb: float = Field(gt=0)
    max_bad: float = Field(ge=0, le=1)

    def disk_space(self) -> str:
        """Say what a stored face takes on the disk; of a JPEG, as measured on photographs."""
        raw_kb = 3 * self.size_px**2 / 1000
        jpeg_kb = raw_kb * 25 / 197
        if self.codec == "jpeg":
            return f"Stored faces take about {jpeg_kb:.0f} kB each, as JPEGs."
        return f"Stored faces take {raw_kb:.0f} kB each, {jpeg_kb:.0f} kB with `align.codec: jpeg`."


class LandmarkParams(BaseModel, frozen=True, extra="forbid"):
    """[landmark] in params.yaml."""

    backend: Annotated[str, NameOf({GIVEN: None, **BACKENDS}, "landmark backend")]
    max_move: float = Field(ge=0)
    row_timeout_s: float = Field(gt=0)
    row_memory_gb: float = Field(gt=0)
    max_bad: float = Field(ge=0, le=1)


class OccludeParams(BaseModel, frozen=True, extra="forbid"):
    """[occlude] in params.yaml."""

    seed: int = Field(ge=0)
    kinds: tuple[OccluderName, ...] = Field(min_length=1)
    bare: float = Field(ge=0, lt=1)
    covered: float = Field(gt=0, le=1)


class SurveyParams(BaseModel, frozen=True, extra="forbid"):
    """[survey] in params.yaml."""

    mean_faces: int = Field(ge=1)
    failed_faces: int = Field(ge=0)
    thumb_px: int = Field(ge=16, le=256)
    occluded: OccludedParams


class AUOptions(BaseModel, frozen=True, extra="forbid"):
    """Options of every kind of action-unit map; what is not set has the published value."""

    codebook: Literal["published", "corrected"] = "published"
    normalise: StrictBool = True


class SingleAUOptions(AUOptions, frozen=True):
    """Options of single_au: the action unit, by its FACS number, and those of every AU kind."""

    au: Annotated[StrictInt, AfterValidator(_known_unit)] = 12


class OwnAUOptions(AUOptions, frozen=True):
    """Options of the kinds that draw a face's own action units; weaker ones are not drawn."""

    least: Annotated[StrictInt | float, Field(ge=0, le=1, allow_inf_nan=False)] = LEAST


class SoftAUOptions(AUOptions, frozen=True):
    """Options of soft_au; classes with smaller shares are not drawn."""

    least: Annotated[StrictInt | float, Field(ge=0, le=1, allow_inf_nan=False)] = LEAST_SHARE


class LandmarkOptions(BaseModel, frozen=True, extra="forbid"):
    """Options of maps of landmarks; what is not set has the published value."""

    variance_px2: Annotated[StrictInt | float, Field(gt=0, allow_inf_nan=False)] = 64.0
    jaw: StrictBool = False
    normalise: StrictBool = True


class HeatmapOptions(BaseModel, frozen=True, extra="forbid"):
    """Options of each heatmap kind, one field per row of HEATMAPS."""

    au: AUOptions = AUOptions()
    generic_au: AUOptions = AUOptions()
    per_class_au: AUOptions = AUOptions()
    single_au: SingleAUOptions = SingleAUOptions()
    own_au: OwnAUOptions = OwnAUOptions()
    own_or_codebook: OwnAUOptions = OwnAUOptions()
    soft_au: SoftAUOptions = SoftAUOptions()
    landmarks: LandmarkOptions = LandmarkOptions()


class HeatmapParams(BaseModel, frozen=True, extra="forbid"):
    """[heatmap] in params.yaml."""

    size_px: int = Field(ge=8, le=512)
    canvas_px: int = Field(ge=28, le=1024)
    options: HeatmapOptions

    def options_of(self, kind: str) -> dict[str, Any]:
        """Return the options that are set for a kind, as keyword arguments of its function.

        Raises:
            UsageError: if there is no such kind.
        """
        pick(HeatmapOptions.model_fields, kind, "heatmap kind")
        chosen: BaseModel = getattr(self.options, kind)
        return chosen.model_dump(exclude_unset=True)
