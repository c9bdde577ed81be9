"""The model of params.yaml: one field per section, each from the light params module of its folder.

Nothing here imports torch, cv2, zarr or dask.
"""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PrivateAttr

from contracts.repeats import Repeat
from demo.params import DemoParams
from errors import UsageError, did_you_mean, pick
from explain.params import ExplainParams
from params.checks import (
    ALIGNMENT,
    check_overlays,
    check_runs,
    refuse_lacking_folds,
    refuse_strangers,
    with_alignment,
)
from params.matrix import DatasetName, MatrixParams, MethodName, VariantName
from params.overlays import Model, Overlay, overlaid
from pipeline.datasets import AUTO, DATASETS
from pipeline.params import (
    AlignParams,
    HeatmapParams,
    IndexParams,
    LandmarkParams,
    OccludeParams,
    SurveyParams,
)
from report.params import ReportParams
from train.duration import training_time
from train.importing.params import ImportParams
from train.methods import METHODS
from train.occlusion.params import MAEParams, PatchesParams, RestoreParams
from train.options import reads_heatmaps
from train.params import EvaluateParams, ExamineParams, ExportParams, RunNumbers, TrainParams
from validation import checked
from yaml_files import read_yaml

EVALUATE = "evaluate"


class DatasetParams(BaseModel, frozen=True, extra="forbid"):
    """[datasets.<name>] in params.yaml: what differs for one dataset, section by section."""

    align: Overlay
    landmark: Overlay
    train: Overlay
    evaluate: Overlay


class Params(BaseModel, frozen=True, extra="forbid"):
    """params.yaml: every number of AULens, one section per stage."""

    matrix: MatrixParams
    demo: DemoParams
    index: dict[DatasetName, IndexParams]
    align: AlignParams
    landmark: LandmarkParams
    survey: SurveyParams
    heatmap: HeatmapParams
    occlude: OccludeParams
    mae: MAEParams
    patches: PatchesParams
    restore: RestoreParams
    train: TrainParams
    datasets: dict[DatasetName, DatasetParams]
    methods: dict[MethodName, Overlay]
    variants: dict[VariantName, Overlay]
    evaluate: EvaluateParams
    examine: ExamineParams
    report: ReportParams
    explain: ExplainParams
    export: ExportParams
    import_run: ImportParams
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

    def align_of(self, dataset: str) -> AlignParams:
        """Return [align] with the dataset's own over it, if it has any."""
        return self._of(dataset, self.align, "align")

    def landmark_of(self, dataset: str) -> LandmarkParams:
        """Return [landmark] with the dataset's own over it, if it has any."""
        return self._of(dataset, self.landmark, "landmark")

    def train_of(self, dataset: str, method: str) -> TrainParams:
        """Return [train] with the dataset's own, then the method's, over it.

        Raises:
            UsageError: if there is no such method, or no such section.
        """
        pick(METHODS, method, "method")
        above = self._section("methods", method)
        own = {key: value for key, value in above.items() if key != EVALUATE}
        return with_alignment(self._of(dataset, self.train, "train"), own, f"methods.{method}")

    def evaluate_of(self, dataset: str, method: str, split: str | None = None) -> EvaluateParams:
        """Return [evaluate] with the dataset's own, then the method's, over it.

        Args:
            dataset: that is scored.
            method: of the run.
            split: that is scored; None for the one that these sections say.
        """
        above = self.methods.get(method, {}).get(EVALUATE) or {}
        wanted = {**above, "split": split} if split else above
        below = self._of(dataset, self.evaluate, EVALUATE)
        return overlaid(below, wanted, f"methods.{method}.{EVALUATE}")

    def _of(self, dataset: str, below: Model, section: str) -> Model:
        own = self.datasets.get(dataset)
        above = getattr(own, section) if own else {}
        return overlaid(below, above, f"datasets.{dataset}.{section}")

    def _section(self, section: str, name: str) -> Mapping[str, Any]:
        known: Mapping[str, Mapping[str, Any]] = getattr(self, section)
        if name not in known:
            raise UsageError(
                f"{self._file}: {section}.{name}",
                f"is missing; there is {', '.join(known)}. Add the section.",
            )
        return known[name]

    def training(self, dataset: str, method: str, variant: str) -> RunNumbers:
        """Return the numbers of a run: [train] < its dataset < its method < its variant.

        Raises:
            UsageError: if there is no such method, or no such section.
        """
        below, above = self.train_of(dataset, method), self._section("variants", variant)
        params = with_alignment(below, above, f"variants.{variant}")
        assert params.alignment is not None  # with_alignment
        reads = ALIGNMENT in above or reads_heatmaps(METHODS[method], params.losses)
        kind = params.alignment.heatmap if reads else None
        if ALIGNMENT not in above:
            params = params.model_copy(update={ALIGNMENT: None})
        return RunNumbers(method, variant, params, kind)

    def runs_of(self, dataset: str) -> list[RunNumbers]:
        """Return the numbers of every method and variant that [matrix] lists."""
        pairs = product(self.matrix.methods, self.matrix.variants)
        return [self.training(dataset, method, variant) for method, variant in pairs]

    def needed_splits(self, dataset: str) -> dict[str, str]:
        """Return the splits of a dataset that runs of [matrix] will need -> what needs them."""
        own = self.datasets.get(dataset)
        section = f"datasets.{dataset}.evaluate" if own and "split" in own.evaluate else EVALUATE
        found: dict[str, str] = {}
        if dataset in self.matrix.datasets:
            found["train"] = "training"
            for run in self.runs_of(dataset):
                chooses = f"train.protocol {run.params.protocol} of {run.method} {run.variant}"
                found.setdefault(run.params.chosen_on, chooses)
            split = self._of(dataset, self.evaluate, EVALUATE).split
            found.setdefault(split, f"{section}.split")
        for pair in self.matrix.transfers:
            if pair.test == dataset:
                found.setdefault(pair.split, f"matrix.transfers ({pair})")
        return found

    def needed_before_folds(self, dataset: str) -> dict[str, str]:
        """As needed_splits, of what stage index divides; a fold's splits are divided by `train`."""
        folded = all(Repeat.parse(word).fold is not None for word in self.matrix.repeats)
        return {} if folded else self.needed_splits(dataset)

    def training_time(self) -> str:
        """Say very roughly how long the training of [matrix] takes."""
        runs = [run for dataset in self.matrix.datasets for run in self.runs_of(dataset)]
        return training_time(runs, len(self.matrix.repeats))


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
        for name, section in params.index.items():
            if section.reader != AUTO:  # else they are checked once the reader is known
                checked(DATASETS[section.reader].options, section.options, f"index.{name}.options")
        check_overlays(params)
        refuse_strangers(params)
        refuse_lacking_folds(params)
        check_runs(params)
    except UsageError as error:
        raise UsageError(f"{file}: {error.where}", error.what) from error
    return params
