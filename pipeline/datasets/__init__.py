"""Readers of datasets: (root, options) -> samples, in a fixed order."""

from pipeline.datasets.affectnet_csv import AFFECTNET_CSV
from pipeline.datasets.affectnet_npy import AFFECTNET_NPY
from pipeline.datasets.csv_table import CSV, DEMO
from pipeline.datasets.ferplus import FERPLUS
from pipeline.datasets.folder import FOLDER
from pipeline.datasets.mma import MMA
from pipeline.datasets.open_expressions import OPEN_EXPRESSIONS
from pipeline.datasets.raf_db import RAF_DB
from pipeline.datasets.reader import Reader
from pipeline.datasets.sfew import SFEW

AUTO = "auto"
"""Instead of a reader: the one that fits what lies in the dataset's folder."""

DATASETS: dict[str, Reader] = {
    "demo": DEMO,
    "csv": CSV,
    "folder": FOLDER,
    "raf_db": RAF_DB,
    "affectnet_npy": AFFECTNET_NPY,
    "affectnet_csv": AFFECTNET_CSV,
    "ferplus": FERPLUS,
    "sfew": SFEW,
    "mma": MMA,
    "open_expressions": OPEN_EXPRESSIONS,
}
