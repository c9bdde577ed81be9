"""Tool `unpack`: the pictures of FER2013, which are numbers in a table, as files that FER+ names.

OUT/FER2013Train/fer0000000.png ...    where the official script of FER+ puts them
OUT/fer2013new.csv                     the votes, as they were
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np

from errors import DataError, printable
from pipeline.datasets.ferplus import FOLDERS, PIXELS, VOTES, read_votes
from pipeline.datasets.table import rows
from progress import ProgressCallback
from store.building import building, is_built
from store.files import atomic_write, file_digest
from store.records import U8Image

VERSION = 1
_SIDE_PX = 48
_NAMED = re.compile(r"fer\d{7}\.png", re.ASCII)
_EVERY = 256


def unpack(raw: Path, out: Path, progress: ProgressCallback, rebuild: bool = False) -> bool:
    """Write every picture that FER+ names.

    Args:
        raw: the folder with fer2013.csv and fer2013new.csv, whose rows belong together by place.
        out: the folder that reader ferplus reads.
        progress: progress.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.

    Raises:
        NoInputError: if one of the tables is not there.
        DataError: naming the line, if the tables do not belong together or a picture is no 48 x 48
            numbers from 0 to 255.
    """
    pairs = list(_pictures(raw / PIXELS, raw / VOTES))
    inputs = {name: file_digest(raw / name) for name in (PIXELS, VOTES)}
    fingerprint = {"stage": "unpack", "version": VERSION, "inputs": inputs}
    if not rebuild and is_built(out, fingerprint):
        return False
    with building(out, fingerprint, {}) as folder:
        for name in FOLDERS.values():
            (folder / name).mkdir(exist_ok=True)
        for number, (name, image_HW) in enumerate(pairs, start=1):
            good, encoded = cv2.imencode(".png", image_HW)
            assert good
            atomic_write(folder / name, encoded.tobytes())
            if number % _EVERY == 0 or number == len(pairs):
                progress(number, len(pairs), "")
        atomic_write(folder / VOTES, (raw / VOTES).read_bytes())
    return True


def _pictures(pixels: Path, votes: Path) -> Iterator[tuple[str, U8Image]]:
    """Yield (path below OUT, grey picture) of every row that has a name."""
    for pair in zip_longest(rows(pixels, ["usage"], ["pixels"]), read_votes(votes)):
        if None in pair:
            raise DataError(pixels, f"has not as many rows as {votes}. Fetch both again.")
        (line, row), (usage, name, _, where) = pair
        if row["usage"].strip() != usage:
            raise DataError(
                where, f"is {usage}, and {pixels}, line {line} is not. Fetch both again."
            )
        if name:
            if not _NAMED.fullmatch(name):
                raise DataError(
                    where, f"picture '{printable(name[:40])}' is not named as fer0000000.png is."
                )
            yield f"{FOLDERS[usage]}/{name}", _picture(row["pixels"], f"{pixels}, line {line}")


def _picture(text: str, where: str) -> U8Image:
    try:
        values = np.array(text.split(), np.uint8)
    except (ValueError, OverflowError):
        values = np.zeros(0, np.uint8)
    if values.size != _SIDE_PX * _SIDE_PX:
        raise DataError(where, f"needs {_SIDE_PX} x {_SIDE_PX} numbers from 0 to 255.")
    return values.reshape(_SIDE_PX, _SIDE_PX)
