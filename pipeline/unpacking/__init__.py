"""Pictures that are no files of their own: numbers or columns of a table, members of shards.

Files:
    fer2013.py     FER2013's tables of numbers, with the votes of FER+ or with its own labels
    packing.py     what a packing is
    parquet.py     Parquet tables as on Hugging Face
    webdataset.py  WebDataset's shards
"""

from pathlib import Path

from pipeline.unpacking.fer2013 import FER2013, FERPLUS_VOTES
from pipeline.unpacking.packing import Packing
from pipeline.unpacking.parquet import PARQUET
from pipeline.unpacking.webdataset import WEBDATASET

PACKINGS: dict[str, Packing] = {
    "fer2013.csv with fer2013new.csv": FERPLUS_VOTES,
    "fer2013.csv (or icml_face_data.csv, train.csv) with its own labels": FER2013,
    "Parquet tables (*.parquet)": PARQUET,
    "WebDataset shards (*.tar)": WEBDATASET,
}
"""What `unpack` knows, in words -> how; the first that finds its files is taken."""


def find_packing(raw: Path) -> str | None:
    """Return the row of PACKINGS whose files lie in a folder; None if none does."""
    return next((name for name, packing in PACKINGS.items() if packing.inputs(raw)), None)
