"""Other ways to load faces and heatmaps: files, one big .npy, HDF5, zarr-python, a Dataset.

Each holds the same rows; a reader takes row numbers and returns arrays or tensors.
Shapes: B rows of a batch.
"""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
import zarr
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

Rows = NDArray[np.int64]
Reader = Callable[[Rows], object]

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class PictureFiles(Dataset[tuple[torch.Tensor, torch.Tensor, int]]):
    """A JPEG and a .npy map per face, augmented on the CPU: the usual first version.

    The transforms are the published recipe, once per sample; the published code does them three
    times and draws the map as well.
    """

    def __init__(self, folder: Path, rows: Sequence[int]) -> None:
        self._folder, self._rows = folder, rows
        self._both = v2.Compose(
            [
                v2.RandomRotation(6),
                v2.RandomResizedCrop(224, (0.8, 1), (1, 1)),
                v2.RandomHorizontalFlip(),
            ]
        )
        self._picture = v2.Compose(
            [
                v2.RandomGrayscale(0.2),
                v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4, 0.1)], 0.8),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.RandomErasing(value="random"),
                v2.Normalize(_MEAN, _STD),
            ]
        )

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        row = int(self._rows[place])
        with Image.open(self._folder / f"{row:06d}.jpg") as opened:
            picture = opened.convert("RGB")
        heatmap = Image.fromarray(np.load(self._folder / f"{row:06d}.map.npy")).resize((256, 256))
        moved, moved_map = self._both(picture, heatmap)
        return self._picture(moved), v2.functional.to_image(moved_map), row % 7


class PlainPictureFiles(PictureFiles):
    """The same files without any augmentation: what is left to compare, like for like."""

    def __getitem__(self, place: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Decode a picture and read its map, as bytes."""
        row = int(self._rows[place])
        with Image.open(self._folder / f"{row:06d}.jpg") as opened:
            picture = np.asarray(opened.convert("RGB"))
        heatmap = np.load(self._folder / f"{row:06d}.map.npy")
        return torch.from_numpy(picture), torch.from_numpy(heatmap), row % 7


def per_sample_dataset(folder: Path, kind: type[PictureFiles] = PictureFiles) -> Reader:
    """One DataLoader in this process, so that its CPU time is ours."""

    def read(rows_B: Rows) -> object:
        return next(iter(DataLoader(kind(folder, rows_B.tolist()), batch_size=len(rows_B))))

    return read


def memory_map(folder: Path, names: Sequence[str]) -> Reader:
    """One big .npy per array, mapped by NumPy: no checks, no shards."""
    opened = [np.load(folder / f"all.{name}.npy", mmap_mode="r") for name in names]

    def read(rows_B: Rows) -> object:
        return [array[rows_B] for array in opened]

    return read


def npy_files(folder: Path, names: Sequence[str]) -> Reader:
    """One .npy per face and array."""

    def read(rows_B: Rows) -> object:
        return [
            np.stack([np.load(folder / f"{row:06d}.{name}.npy") for row in rows_B])
            for name in names
        ]

    return read


def hdf5(file: Path, names: Sequence[str]) -> Reader:
    """One uncompressed HDF5 file, indexed by rows; they ascend, as h5py wants them."""
    opened = h5py.File(file)

    def read(rows_B: Rows) -> object:
        return [opened[name][rows_B] for name in names]

    return read


def hdf5_direct(file: Path, names: Sequence[str]) -> Reader:
    """The same file by `read_direct`, a row at a time: the fastest way of h5py."""
    opened = h5py.File(file)

    def read(rows_B: Rows) -> object:
        return [_direct(opened[name], rows_B) for name in names]

    return read


def _direct(dataset: h5py.Dataset, rows_B: Rows) -> NDArray[Any]:
    out = np.empty((len(rows_B), *dataset.shape[1:]), dataset.dtype)
    for place, row in enumerate(rows_B.tolist()):
        dataset.read_direct(out, np.s_[row], np.s_[place])
    return out


def zarr_python(folder: Path, names: Sequence[str]) -> Reader:
    """Our own arrays, read by zarr-python."""
    opened = zarr.open_group(folder, mode="r")

    def read(rows_B: Rows) -> object:
        return [_array(opened, name).oindex[rows_B] for name in names]

    return read


def _array(group: Any, name: str) -> Any:  # noqa: ANN401 - zarr's group gives arrays or groups
    return group[name]


def write_files(
    folder: Path, rows: int, images: NDArray[np.uint8], maps: NDArray[np.uint8]
) -> None:
    """Write a JPEG, a .npy picture and a .npy map per face, repeated until there are so many."""
    encoded = []
    for image, heatmap in zip(images, maps, strict=True):
        jpeg, picture, drawn = (io.BytesIO() for _ in range(3))
        Image.fromarray(image).save(jpeg, "JPEG", quality=95)
        np.save(picture, image)
        np.save(drawn, heatmap)
        encoded.append({"jpg": jpeg, "image.npy": picture, "map.npy": drawn})
    for row in range(rows):
        for suffix, content in encoded[row % len(encoded)].items():
            (folder / f"{row:06d}.{suffix}").write_bytes(content.getvalue())


def write_hdf5(file: Path, rows: int, images: NDArray[np.uint8], maps: NDArray[np.uint8]) -> None:
    """Write pictures and maps, repeated until there are so many rows, contiguously."""
    with h5py.File(file, "w") as out:
        for name, block in (("image", images), ("map", maps)):
            whole = out.create_dataset(name, (rows, *block.shape[1:]), "uint8")
            for start in range(0, rows, len(block)):
                stop = min(start + len(block), rows)
                whole[start:stop] = block[: stop - start]


def write_npy(folder: Path, rows: int, images: NDArray[np.uint8], maps: NDArray[np.uint8]) -> None:
    """Write one big .npy of pictures and one of maps, repeated until there are so many rows."""
    for name, block in (("image", images), ("map", maps)):
        file = folder / f"all.{name}.npy"
        whole = np.lib.format.open_memmap(file, "w+", np.uint8, (rows, *block.shape[1:]))
        for start in range(0, rows, len(block)):
            stop = min(start + len(block), rows)
            whole[start:stop] = block[: stop - start]
        whole.flush()
