"""Readers of datasets: (root, options) -> samples, in a fixed order."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.datasets.csv_table import read_csv
from pipeline.datasets.folder import read_folder
from store.records import Sample

Dataset = Callable[[Path, Mapping[str, Any]], Iterator[Sample]]

DATASETS: dict[str, Dataset] = {
    "demo": read_csv,
    "csv": read_csv,
    "folder": read_folder,
}
