"""Fixtures shared by all tests."""

import shutil
import signal
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from store.building import building
from store.layout import ArraySpec, Layout
from store.reading import Store
from store.samples import JPEG, RAW
from store.shards import create_arrays, write_shard, write_status
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.drawing import FACES, finished

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt, here and in children, even where a shell started us with `&`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def golden_folder() -> Path:
    """Numbers of the published code."""
    return ROOT / "tests" / "golden"


@pytest.fixture(scope="session")
def golden_losses(golden_folder: Path) -> dict[str, Any]:
    """What PAL, CAFE, SCN, RUL and EAC compute, as tensors."""
    import torch

    found = np.load(golden_folder / "method_losses.npz")
    return {name: torch.from_numpy(np.asarray(found[name])) for name in found.files}


@dataclass(frozen=True)
class TinyStores:
    """Stores of 42 made-up faces of 32 px. Per class four train, one val, one test; two a fold."""

    faces: Path
    landmarks: Path
    heatmaps: Path


def _tiny_table() -> list[dict[str, str]]:
    splits = ("train", "train", "train", "train", "val", "test")
    return [
        {
            "id": f"{name}-{number}",
            "expression": name,
            "split": split,
            "fold": str(number // 2),
            "person": f"{name}-{number}",
            "status": "ok",
        }
        for number, split in enumerate(splits)
        for name in EXPRESSIONS
    ]


MakeStore = Callable[..., Path]
"""(out, arrays, metadata, table, shard_rows) -> out."""


def _store(
    out: Path,
    arrays: dict[str, np.ndarray],
    metadata: dict[str, object] | None = None,
    table: list[dict[str, str]] | None = None,
    shard_rows: int = 4,
    jpegs: Collection[str] = (),
) -> Path:
    rows = len(next(iter(arrays.values())))
    table = table or [{"id": f"{row}.png", "status": "ok"} for row in range(rows)]
    specs = {
        name: ArraySpec(block.shape[1:], str(block.dtype), {}, JPEG if name in jpegs else RAW)
        for name, block in arrays.items()
    }
    layout = Layout(rows, shard_rows, specs)
    about = {"labels": BASIC7.as_json(), **(metadata or {})}
    with building(out, {"stage": out.name}, about, layout.as_json()) as folder:
        create_arrays(folder, layout)
        for shard in range(layout.shards):
            span = layout.span(shard)
            blocks = {name: block[span.start : span.stop] for name, block in arrays.items()}
            write_shard(folder, layout, shard, blocks, {})
        write_status(folder, layout, table)
    return out


def _tiny_store(out: Path, arrays: dict[str, np.ndarray], metadata: dict[str, object]) -> Path:
    return _store(out, arrays, metadata, _tiny_table(), shard_rows=16)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyStores:
    """Stores that train in a second: each class has a bright corner, its AU map is that corner."""
    root = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(0)
    labels = np.arange(42) % 7
    images = rng.integers(0, 80, (42, 32, 32, 3), dtype=np.uint8)
    maps = np.zeros((42, 64, 64), np.uint8)
    for row, label in enumerate(labels):
        y, x = divmod(int(label), 3)
        images[row, 10 * y : 10 * y + 10, 10 * x : 10 * x + 10] = 250
        maps[row, 20 * y : 20 * y + 20, 20 * x : 20 * x + 20] = 255 * (label > 0)
    metadata = {"dataset": "tiny", "notice": "made up", "size_px": 32}
    frontal = np.load(ROOT / "tests" / "golden" / "au_heatmaps.npz")["landmarks"][5]
    points = np.rint((frontal + 0.5) / 8 * 64 - 32).astype(np.int16)
    valid = np.ones(42, np.uint8)
    return TinyStores(
        _tiny_store(root / "faces", {"image": images, "valid": valid}, metadata),
        _tiny_store(
            root / "landmarks", {"points": np.tile(points, (42, 1, 1)), "valid": valid}, metadata
        ),
        _tiny_store(
            root / "heatmaps" / "au",
            {"map": maps, "valid": (labels > 0).astype(np.uint8)},
            {**metadata, "kind": "au", "canvas_px": 224, "options": {}},
        ),
    )


@pytest.fixture(scope="session")
def voted(tiny: TinyStores, tmp_path_factory: pytest.TempPathFactory) -> TinyStores:
    """The tiny stores with shares: .75 the label, .25 the next class; a fifth are unknown."""
    rows = np.arange(42)
    shares = 0.75 * np.eye(7)[rows % 7] + 0.25 * np.eye(7)[(rows + 1) % 7]
    shares[::5] = np.nan
    return _tiny_with(tiny, tmp_path_factory.mktemp("voted"), "label_shares", shares)


@pytest.fixture(scope="session")
def rated(tiny: TinyStores, tmp_path_factory: pytest.TempPathFactory) -> TinyStores:
    """The tiny stores with valence and arousal, one value per class; a fifth are unknown."""
    values = np.linspace([-0.75, 0.75], [0.75, -0.5], 7)[np.arange(42) % 7]
    values[::5] = np.nan
    return _tiny_with(tiny, tmp_path_factory.mktemp("rated"), "valence_arousal", values)


def _tiny_with(tiny: TinyStores, folder: Path, name: str, values: np.ndarray) -> TinyStores:
    """Return the tiny stores with an array more in their faces."""
    source = Store(tiny.faces)
    arrays = {one: source.array(one).load() for one in source.layout.arrays}
    faces = _tiny_store(
        folder / "faces",
        {**arrays, name: values.astype(np.float32)},
        {one: about for one, about in source.metadata.items() if one != "labels"},
    )
    return TinyStores(faces, tiny.landmarks, tiny.heatmaps)


@pytest.fixture(scope="session")
def template_face() -> np.ndarray:
    """68 points with eye centres, nose tip and mouth corners on the template of the 256 px crop."""
    lid_x, lid_y = np.array([-14, -6, 6, 14, 6, -6]), np.array([0, -5, -5, 0, 5, 5])
    face = np.zeros((68, 2))
    turn = np.linspace(np.pi, 0, 17)
    face[:17] = np.column_stack([128 + 90 * np.cos(turn), 130 + 100 * np.sin(turn)])
    face[17:27] = np.column_stack([np.r_[66:111:5j, 146:191:5j], np.full(10, 88)])
    face[27:31] = np.column_stack([np.full(4, 128), np.linspace(112, 152.7, 4)])
    face[31:36] = np.column_stack([np.linspace(112, 144, 5), np.full(5, 165)])
    face[36:42] = np.column_stack([91 + lid_x, 112 + lid_y])
    face[42:48] = np.column_stack([165 + lid_x, 112 + lid_y])
    mouth = np.linspace(np.pi, -np.pi, 13)[:12]
    face[48:60] = np.column_stack([128 + 32.4 * np.cos(mouth), 194.1 - 14 * np.sin(mouth)])
    lips = np.linspace(np.pi, -np.pi, 9)[:8]
    face[60:] = np.column_stack([128 + 24 * np.cos(lips), 194.1 - 6 * np.sin(lips)])
    return face


@pytest.fixture(scope="session")
def make_store() -> MakeStore:
    """A function that writes a finished store of arrays.

    Shards of 4 rows, a plain table and the label set basic7, unless given others.
    """
    return _store


@pytest.fixture(scope="session")
def make_landmarks(tiny: TinyStores) -> Callable[[Path, int], Path]:
    """A function (folder, faces) that writes params.yaml and landmarks of equal faces there."""

    def make(folder: Path, faces: int) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "params.yaml", folder)
        one = Store(tiny.landmarks).array("points").load()[:1]
        table = [
            {"id": str(row), "expression": EXPRESSIONS[row % 7], "split": "test", "status": "ok"}
            for row in range(faces)
        ]
        return _store(
            folder / "data" / "landmarks" / "mine",
            {"points": np.tile(one, (faces, 1, 1)), "valid": np.ones(faces, np.uint8)},
            {"dataset": "mine", "size_px": 32},
            table,
            64,
        )

    return make


@pytest.fixture(scope="session")
def to_draw(
    tmp_path_factory: pytest.TempPathFactory, make_landmarks: Callable[[Path, int], Path]
) -> Path:
    """Landmarks whose maps fill ten shards, see tests.drawing."""
    return make_landmarks(tmp_path_factory.mktemp("drawing"), FACES)


@pytest.fixture(scope="session")
def drawn(to_draw: Path) -> str:
    """The digest that every build of these maps ends with."""
    return finished(to_draw, to_draw.parents[2] / "gold" / "au")


@pytest.fixture(scope="session")
def tiny_run(tiny: TinyStores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that one epoch on the tiny stores made, in about a second."""
    import torch

    from contracts.repeats import Repeat
    from progress import silent
    from tests.networks import scratch
    from train.data.stores import Stores
    from train.fitting.stage import train
    from train.runs import Run

    shipped = scratch().training("demo", "cam", "plain").params
    quick = shipped.model_copy(update={"image_px": 32, "epochs": 1, "batch": 8})
    out = tmp_path_factory.mktemp("runs") / "plain"
    stores = Stores.open(tiny.faces, tiny.landmarks, None)
    train(stores, out, Run("cam", "plain", Repeat(0), quick, torch.device("cpu")), silent)
    return out


@pytest.fixture
def photo_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template_face: np.ndarray
) -> Path:
    """The working folder: params.yaml and in/face.png; a face is found where a picture is lit."""
    from matplotlib.image import imsave

    from pipeline.faces.backends import BACKENDS
    from tests.pictures import PAGE_PICTURE

    def detect(image_HW3: np.ndarray) -> np.ndarray:
        return template_face[None] if image_HW3.any() else np.zeros((0, 68, 2))

    for name in BACKENDS:
        monkeypatch.setitem(BACKENDS, name, detect)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "in").mkdir()
    imsave(tmp_path / "in" / "face.png", PAGE_PICTURE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cut_video(tmp_path: Path) -> Path:
    """An AVI that promises 40 frames at ten per second, of which the first third is there."""
    import cv2

    file, rng = tmp_path / "cut.avi", np.random.default_rng(0)
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (256, 256))
    for _ in range(40):
        writer.write(rng.integers(1, 256, (256, 256, 3), np.uint8))
    writer.release()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    return file
