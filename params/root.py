"""The model of params.yaml: one field per section, each from the light params module of its folder.

Nothing here imports torch, cv2, zarr or dask.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from demo.params import DemoParams
from errors import UsageError, did_you_mean, pick, printable
from explain.params import ExplainParams
from params.reading import read_yaml
from pipeline.datasets import AUTO, DATASETS
from pipeline.params import (
    AlignParams,
    HeatmapOptions,
    HeatmapParams,
    IndexParams,
    LandmarkParams,
    SurveyParams,
)
from report.params import ReportParams
from train.combinations import check_classification
from train.duration import training_time
from train.methods import METHODS
from train.options import head_options, loss_options, strategy_options
from train.params import EvaluateParams, ExportParams, TrainParams
from train.pretrained import BACKBONE_WEIGHTS, check_named_weights
from validation import NameOf, checked

Model = TypeVar("Model", bound=BaseModel)
Keys = dict[str, Any]
Overlay = Annotated[Keys, BeforeValidator(lambda keys: {} if keys is None else keys)]
"""Keys of another section that differ; none if nothing stands there."""


_MOST_NAME_BYTES = 100


def is_dataset_name(name: str) -> bool:
    """Say whether a word can name a dataset: its folder, its key, and a word of a shell's line."""
    plain = name.replace("_", "").replace("-", "").isalnum()
    return plain and len(name.encode()) <= _MOST_NAME_BYTES


def _dataset_name(name: str) -> str:
    if not is_dataset_name(name):
        what = f"'{printable(name):.60}' is no name for a dataset; use letters, digits, _ and -."
        raise PydanticCustomError("unknown_name", "{what}", {"what": what})
    return name


DatasetName = Annotated[str, AfterValidator(_dataset_name)]
"""dvc.yaml puts it into lines that a shell runs, so it is checked wherever it is read."""


class Transfer(BaseModel, frozen=True, extra="forbid"):
    """An item of matrix.transfers: runs trained on one dataset are scored on another."""

    train: DatasetName
    test: DatasetName


class MatrixParams(BaseModel, frozen=True, extra="forbid"):
    """[matrix] in params.yaml: `dvc repro` builds every combination."""

    datasets: tuple[DatasetName, ...] = Field(min_length=1)
    made: tuple[DatasetName, ...]
    kinds: tuple[Annotated[str, NameOf(HeatmapOptions.model_fields, "heatmap kind")], ...]
    methods: tuple[Annotated[str, NameOf(METHODS, "method")], ...] = Field(min_length=1)
    supervision: tuple[Literal["plain", "aligned"], ...] = Field(min_length=1)
    transfers: tuple[Transfer, ...]


class Params(BaseModel, frozen=True, extra="forbid"):
    """params.yaml: every number of AULens, one section per stage."""

    matrix: MatrixParams
    demo: DemoParams
    index: dict[DatasetName, IndexParams]
    align: AlignParams
    landmark: LandmarkParams
    survey: SurveyParams
    heatmap: HeatmapParams
    train: TrainParams
    methods: dict[Annotated[str, NameOf(METHODS, "method")], Overlay]
    evaluate: EvaluateParams
    transfer: Overlay
    report: ReportParams
    explain: ExplainParams
    export: ExportParams
    _file: Path = PrivateAttr(default=Path("params.yaml"))

    def dataset(self, name: str) -> IndexParams:
        """Return [index.<name>].

        Raises:
            UsageError: if there is no such section.
        """
        if name not in self.index:
            raise UsageError(
                f"{self._file}: index.{name}",
                f"is missing; there is {', '.join(self.index)}. Run: python cli.py use {name}",
            )
        return self.index[name]

    def method(self, name: str) -> TrainParams:
        """Return [train] with [methods.<name>] over it.

        Raises:
            UsageError: if there is no such method, or no such section.
        """
        pick(METHODS, name, "method")
        if name not in self.methods:
            raise UsageError(
                f"{self._file}: methods.{name}",
                f"is missing; there is {', '.join(self.methods)}. Add the section.",
            )
        return overlaid(self.train, self.methods[name], f"methods.{name}")

    def training_time(self) -> str:
        """Say very roughly how long the training of [matrix] takes."""
        methods = {name: self.method(name) for name in self.matrix.methods}
        return training_time(methods, len(self.matrix.supervision))

    def on_transfer(self) -> EvaluateParams:
        """Return [evaluate] with [transfer] over it."""
        return overlaid(self.evaluate, self.transfer, "transfer")


def load(file: Path) -> Params:
    """Return params.yaml, once all of it is legal.

    Raises:
        NoInputError: if the file is not there.
        UsageError: naming the key, if one is missing, unknown, misspelt, doubled or has an illegal
            value.
    """
    return validate(read_yaml(file), file)


def validate(whole: Mapping[str, Any], file: Path) -> Params:
    """Return the content of a params file as its model.

    Raises:
        UsageError: see load.
    """
    try:
        for name in whole:
            if name not in Params.model_fields:
                known = list(Params.model_fields)
                sections = f"no such section; known: {', '.join(known)}."
                raise UsageError(name, sections + did_you_mean(str(name), known))
        params = checked(Params, whole)
        params._file = file  # type: ignore[misc]  # frozen are the fields, not what is private
        for name in params.methods:
            _check_options(name, params.method(name), name in params.matrix.methods)
        for name, section in params.index.items():
            if section.reader != AUTO:  # else they are checked once the reader is known
                checked(DATASETS[section.reader].options, section.options, f"index.{name}.options")
        params.on_transfer()
        _refuse_strangers(params)
    except UsageError as error:
        raise UsageError(f"{file}: {error.where}", error.what) from error
    return params


def overlaid(below: Model, above: Keys, section: str) -> Model:
    """Lay the keys of a section over another one: where both have a section, key by key.

    Raises:
        UsageError: naming the key under `section`, if one is unknown or has an illegal value.
    """
    return checked(type(below), _merged(below.model_dump(), above), section)


def _merged(below: Keys, above: Keys) -> Keys:
    nested = {
        key: _merged(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return {**below, **above, **nested}


def _check_options(name: str, params: TrainParams, listed: bool) -> None:
    """Refuse a backbone that there is not, and options that a method's parts do not have.

    Named weights have to fit the backbones of listed methods only.
    """
    method = METHODS[name]
    try:
        pick(BACKBONE_WEIGHTS, params.backbone, "backbone")
        check_named_weights(params.backbone, params.weights if listed else "none")
        head_options(method, params.head)
        strategy_options(method, params.training_strategy)
        loss_options(method, params.losses)
        check_classification(method, params)
    except UsageError as error:
        raise UsageError(f"methods.{name}.{error.where}", error.what) from error


def _refuse_strangers(params: Params) -> None:
    """Refuse names of [matrix] that have no section of their own."""
    matrix, options = params.matrix, params.heatmap.options.model_fields_set
    transferred = [name for pair in matrix.transfers for name in (pair.train, pair.test)]
    for key, names, known, section in (
        ("datasets", matrix.datasets, params.index, "index"),
        ("transfers", transferred, params.index, "index"),
        ("methods", matrix.methods, params.methods, "methods"),
        ("kinds", matrix.kinds, options, "heatmap.options"),
    ):
        for name in names:
            if name not in known:
                remedy = f"Run: python cli.py use {name}" if section == "index" else "Add it."
                near = did_you_mean(name, [*known])
                raise UsageError(f"matrix.{key}", f"there is no {section}.{name}. {remedy}{near}")
    if params.train.alignment.heatmap not in matrix.kinds:
        raise UsageError(
            "train.alignment.heatmap",
            f"is {params.train.alignment.heatmap}, which is not drawn: add it to matrix.kinds "
            f"({', '.join(matrix.kinds)}).",
        )
