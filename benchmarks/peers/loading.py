"""Datasets of faces and heatmaps as other libraries keep them.

Each writes the same bytes, uncompressed, and returns a round: it reads so many shuffled faces in
batches. Shapes: N rows of the dataset, B rows of a batch.
"""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Blocks = Mapping[str, NDArray[np.uint8]]
Round = Callable[[], object]
BATCH = 64


def _order(rows: int) -> list[NDArray[np.int64]]:
    order = np.random.default_rng(0).permutation(rows)
    return [np.sort(rows_B) for rows_B in np.split(order, rows // BATCH)]


def lmdb(folder: Path, blocks: Blocks) -> Round:
    """LMDB: a key per face, its picture and map as one value."""
    lmdb: Any = import_module("lmdb")
    image, heatmap = blocks["image"], blocks["map"]
    opened = lmdb.open(str(folder), map_size=4 * (image.nbytes + heatmap.nbytes))
    with opened.begin(write=True) as transaction:
        for row in range(len(image)):
            value = image[row].tobytes() + heatmap[row].tobytes()
            transaction.put(b"%08d" % row, value)

    def read() -> None:
        with opened.begin(buffers=True) as transaction:
            for rows_B in _order(len(image)):
                values = [
                    np.frombuffer(transaction.get(b"%08d" % row), np.uint8)
                    for row in rows_B.tolist()
                ]
                batch = np.stack(values)
                np.split(batch, [image[0].size], axis=1)

    return read


def webdataset(folder: Path, blocks: Blocks) -> Round:
    """WebDataset: tar files read from front to back, shuffled in a buffer."""
    wds: Any = import_module("webdataset")
    with wds.ShardWriter(f"{folder}/%04d.tar", maxcount=256, verbose=0) as writer:
        for row, (image, heatmap) in enumerate(zip(blocks["image"], blocks["map"], strict=True)):
            writer.write({"__key__": f"{row:08d}", "image.npy": image, "map.npy": heatmap})
    shards = [str(file) for file in sorted(folder.glob("*.tar"))]

    def read() -> None:
        found = wds.WebDataset(shards, shardshuffle=False).shuffle(256).decode()
        for _ in found.to_tuple("image.npy", "map.npy").batched(BATCH):
            pass

    return read


def datasets(folder: Path, blocks: Blocks) -> Round:
    """Hugging Face datasets: an Arrow table, mapped, indexed by rows."""
    hugging: Any = import_module("datasets")
    hugging.disable_progress_bars()
    columns = {name: block.reshape(len(block), -1) for name, block in blocks.items()}
    hugging.Dataset.from_dict(columns).save_to_disk(str(folder))
    table = hugging.load_from_disk(str(folder)).with_format("numpy")

    def read() -> None:
        for rows_B in _order(len(blocks["image"])):
            table[rows_B.tolist()]

    return read


def litdata(folder: Path, blocks: Blocks) -> Round:
    """LitData: its chunks, read by its streaming dataset in this process."""
    lit: Any = import_module("litdata.streaming.writer")
    writer = lit.BinaryWriter(str(folder), chunk_bytes=1 << 26)
    for row, (image, heatmap) in enumerate(zip(blocks["image"], blocks["map"], strict=True)):
        writer[row] = {"image": image, "map": heatmap}
    writer.done()
    writer.merge()
    streaming: Any = import_module("litdata")

    def read() -> None:
        for sample in streaming.StreamingDataset(str(folder), shuffle=True):
            np.asarray(sample["image"])

    return read


def streaming(folder: Path, blocks: Blocks) -> Round:
    """MosaicML streaming: MDS shards, read locally."""
    mosaic: Any = import_module("streaming")
    columns = {"image": "bytes", "map": "bytes"}
    with mosaic.MDSWriter(out=str(folder), columns=columns, size_limit=1 << 26) as writer:
        for image, heatmap in zip(blocks["image"], blocks["map"], strict=True):
            writer.write({"image": image.tobytes(), "map": heatmap.tobytes()})
    os.environ.setdefault("WORLD_SIZE", "1")
    rows = mosaic.StreamingDataset(local=str(folder), shuffle=True, batch_size=BATCH)

    def read() -> None:
        for sample in rows:
            np.frombuffer(sample["image"], np.uint8)

    return read


LOADERS: dict[str, Callable[[Path, Blocks], Round]] = {
    "lmdb": lmdb,
    "webdataset": webdataset,
    "datasets": datasets,
    "litdata": litdata,
    "streaming": streaming,
}
"""Package -> (empty folder, arrays) -> a round over all faces."""
