"""What is legal in [import_run] of params.yaml."""

from typing import Any

from pydantic import BaseModel, Field


class ImportParams(BaseModel, frozen=True, extra="forbid"):
    """[import_run]: what weights do not say about themselves.

    `datasets`: published name of a dataset -> yours. Of a file: `dataset` it was trained on,
    `labels`: the label set that it tells apart, `classes` in the order of its
    outputs, `train`: keys of [train] that it was made with.
    """

    datasets: dict[str, str]
    dataset: str
    labels: str = Field(min_length=1)
    classes: tuple[str, ...]
    train: dict[str, Any]

    def name_of(self, published: str) -> str:
        """Return how the user calls a published dataset."""
        return self.datasets.get(published, published)
