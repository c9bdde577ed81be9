"""Tool `unpack`: writes pictures that lie in tables or archives as files, for a reader.

OUT/FER2013Train/fer0000000.png ...    FER2013, where the official script of FER+ puts them
OUT/fer2013new.csv                     its votes, as they were
OUT/images/0000/0000000.jpg ...        pictures of other packings
OUT/labels.csv                         their labels, for reader csv; what else is known is a column
"""

from collections.abc import Mapping
from pathlib import Path

from errors import NoInputError
from pipeline.unpacking import PACKINGS, find_packing
from progress import ProgressCallback
from store.building import building, is_built
from store.files import atomic_write, file_digest
from store.tables import write_table

VERSION = 1
LABELS = "labels.csv"
_FIRST = ("file", "expression", "split")
_EVERY = 256


def unpack(raw: Path, out: Path, progress: ProgressCallback, rebuild: bool = False) -> bool:
    """Write every picture of a packed dataset as a file.

    Args:
        raw: the folder; see PACKINGS for what may lie in it.
        out: the folder that a reader reads.
        progress: progress.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.

    Raises:
        NoInputError: if nothing in the folder is packed in a way that is known.
        DataError: naming the line or file that cannot be accepted.
    """
    name = find_packing(raw)
    if name is None:
        raise NoInputError(raw, f"holds nothing to unpack. Known are: {'; '.join(PACKINGS)}.")
    packing = PACKINGS[name]
    files = packing.inputs(raw)
    pictures = packing.pictures(files)
    pictures = iter(list(pictures)) if packing.check_first else pictures
    inputs = {file.relative_to(raw).as_posix(): file_digest(file) for file in files}
    fingerprint = {"stage": "unpack", "version": VERSION, "inputs": inputs}
    if not rebuild and is_built(out, fingerprint):
        return False
    rows: list[Mapping[str, str]] = []
    with building(out, fingerprint, {}) as folder:
        number = 0
        for number, picture in enumerate(pictures, start=1):
            (folder / picture.path).parent.mkdir(parents=True, exist_ok=True)
            atomic_write(folder / picture.path, picture.payload)
            rows += [picture.row] if picture.row is not None else []
            if number % _EVERY == 0:
                progress(number, number, "")
        progress(number, number, "")
        for kept in packing.kept:
            atomic_write(folder / kept, (raw / kept).read_bytes())
        if rows:
            further = sorted({column for row in rows for column in row} - {*_FIRST})
            write_table(folder / LABELS, [*_FIRST, *further], rows)
    return True
