"""AffectNet as given out since about 2021: numbered pictures, and four .npy files for each."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.labels import LabelSet
from errors import DataError, NoInputError
from pipeline.datasets.affectnet import AffectNetOptions, class_of, intensity, order_of_ids
from pipeline.datasets.landmark_lists import join_landmarks
from pipeline.datasets.reader import LeftOut, Listed, Reader, needs_paths
from store.files import read_ordinary
from store.records import Sample

_SPLITS = {"train": "train_set", "val": "val_set"}
_LABEL = "_exp.npy"
_MOST_BYTES = 1 << 16
_LANDMARK_NUMBERS = 136


class AffectNetNPYOptions(AffectNetOptions, frozen=True):
    """What the ids mean, and published landmarks: file or folder of lists, see landmark_lists."""

    landmarks: str | None = None


def read_affectnet_npy(
    root: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[Listed]:
    """Read `{train,val}_set/images/N.jpg` with `annotations/N_{exp,lnd,val,aro}.npy`.

    Args:
        root: the folder that holds train_set, val_set, or both.
        options: `ids`: official or alphabetical; official after a look at their counts, if not
            given. `landmarks`: lists whose points take the place of the annotated ones.
        labels: the classes.

    Yields:
        One sample per picture, in the order of numbers, unique within a split only; landmarks
        in px of the picture, valence and arousal as attributes. What the label set does not
        have is left out, such as uncertain and no face.

    Raises:
        NoInputError: if there is neither split.
        DataError: if an annotation cannot be read, or the ids are counted alphabetically.
    """
    yield from join_landmarks(_listed(root, options, labels), root, options.get("landmarks"))


def _listed(root: Path, options: Mapping[str, Any], known: LabelSet) -> Iterator[Listed]:
    found = {
        split: _labels(root / folder / "annotations")
        for split, folder in _SPLITS.items()
        if (root / folder / "annotations").is_dir()
    }
    if not found:
        raise NoInputError(
            root / "train_set" / "annotations", "is not there, nor is val_set. Unpack them there."
        )
    order = order_of_ids(options, found.get("train", {}).values(), root)
    for split, labels in found.items():
        folder = root / _SPLITS[split]
        for name, number in labels.items():
            expression, word = class_of(
                number, order, known, f"{folder}/annotations/{name}{_LABEL}"
            )
            path = f"{_SPLITS[split]}/images/{name}.jpg"
            if expression is None:
                yield LeftOut(path, word, split)
            else:
                yield _sample(folder / "annotations", name, Sample(path, path, expression, split))


def _labels(folder: Path) -> dict[str, int]:
    """Return number of the picture -> id of its class, in the order of numbers."""
    names = [
        file.name.removesuffix(_LABEL) for file in folder.iterdir() if file.name.endswith(_LABEL)
    ]
    names.sort(key=lambda name: (len(name), name))
    labels = {}
    for name in names:
        file = folder / f"{name}{_LABEL}"
        value = _numbers(file, 1)[0]
        if not value.is_integer():
            raise DataError(file, f"needs the id of a class, got {value:g}.")
        labels[name] = int(value)
    return labels


def _sample(folder: Path, name: str, sample: Sample) -> Sample:
    landmarks = folder / f"{name}_lnd.npy"
    attributes = {}
    for what, ending in (("valence", "val"), ("arousal", "aro")):
        file = folder / f"{name}_{ending}.npy"
        if file.exists():
            attributes[what] = intensity(_numbers(file, 1)[0], what, str(file))
    return Sample(
        sample.id,
        sample.path,
        sample.expression,
        sample.split,
        landmarks=tuple(_numbers(landmarks, _LANDMARK_NUMBERS)) if landmarks.exists() else None,
        attributes=attributes,
    )


def _numbers(file: Path, count: int) -> list[float]:
    """Read a few finite numbers; some copies hold them as text.

    Raises:
        DataError: if there are not as many.
    """
    try:
        payload = read_ordinary(file, _MOST_BYTES)
        values: NDArray[np.float64] = np.load(io.BytesIO(payload), allow_pickle=False).astype(float)
    except PermissionError:
        raise
    except Exception as error:  # a damaged file makes the reader raise anything
        raise _bad(file, count) from error
    if values.size != count or not np.isfinite(values).all():
        raise _bad(file, count)
    return [float(value) for value in values.ravel()]


def _bad(file: Path, count: int) -> DataError:
    return DataError(
        file,
        f"needs {count} finite numbers in NumPy's format. "
        "Fetch it again, or remove the picture and its annotations.",
    )


AFFECTNET_NPY = Reader(
    read_affectnet_npy,
    needs_paths("train_set/images|val_set/images", "train_set/annotations|val_set/annotations"),
    listed={"train": 287_651, "val": 3_999},
    options=AffectNetNPYOptions,
)
