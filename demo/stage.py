"""Stage `demo`: the embedded dataset as a folder of pictures, made at run time.

OUT/images/<expression>_<number>.jpg
OUT/labels.csv       file, expression, split, person, aus: what the csv reader reads; aus are the
                     action units that were drawn, with their intensities
OUT/landmarks.txt    file, x0..x67, y0..y67: the true points, for tests
OUT/NOTICE.txt       what every page made from it says
"""

from functools import partial
from pathlib import Path

import cv2

from demo.action_units import expressions
from demo.params import DemoParams
from demo.render import drawn_units, render
from pipeline.execution.cluster import ClusterConfig, run
from store.building import building, is_built
from store.files import atomic_write
from store.records import SPLITS
from store.tables import write_table

VERSION = 2
NOTICE = "Synthetic faces of a single identity: these numbers say nothing about real people.\n"
TRUE_LANDMARKS = "landmarks.txt"
_PICTURES_PER_TASK = 64
_JPEG_QUALITY = 95


Picture = tuple[str, int, int]
"""Name, expression and number."""


def make(out: Path, params: DemoParams, cluster: ClusterConfig, rebuild: bool = False) -> bool:
    """Draw every face of the embedded dataset.

    Args:
        out: the dataset's folder.
        params: how many faces per class and split, and how large.
        cluster: who draws.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.
    """
    fingerprint = {"stage": "demo", "version": VERSION, "params": params.model_dump()}
    if not rebuild and is_built(out, fingerprint):
        return False
    counts = {split: getattr(params, split) for split in SPLITS}
    splits = [split for split in SPLITS for _ in range(counts[split])]
    with building(out, fingerprint, {"notice": NOTICE.strip()}) as folder:
        (folder / "images").mkdir(exist_ok=True)
        pictures = [
            (f"images/{word.lower()}_{number:04d}.jpg", expression, number)
            for number in range(len(splits))
            for expression, word in enumerate(expressions())
        ]
        tasks = [
            (
                folder.resolve() / f"points-{start:06d}.part",
                pictures[start : start + _PICTURES_PER_TASK],
            )
            for start in range(0, len(pictures), _PICTURES_PER_TASK)
        ]
        missing = [task for task in tasks if not task[0].exists()]
        run(cluster, partial(_draw, params), missing, sum(len(names) for _, names in missing))
        rows = [
            {
                "file": name,
                "expression": expressions()[expression],
                "split": splits[number],
                "person": f"{expression}-{number}",
                "aus": _units(params, expression, number),
            }
            for name, expression, number in pictures
        ]
        write_table(folder / "labels.csv", [*rows[0]], rows)
        atomic_write(folder / TRUE_LANDMARKS, b"".join(part.read_bytes() for part, _ in tasks))
        atomic_write(folder / "NOTICE.txt", NOTICE.encode())
        for part, _ in tasks:
            part.unlink()
    return True


def _units(params: DemoParams, expression: int, number: int) -> str:
    """Return the action units of a face as the csv reader reads them; 0 for none."""
    drawn = drawn_units(params.seed, expression, number, params.variety)
    return ";".join(f"{unit}:{intensity:.4f}" for unit, intensity in drawn.items()) or "0"


def _draw(params: DemoParams, task: tuple[Path, list[Picture]]) -> dict[str, int]:
    """Draw some pictures, and write their points when all of them are there."""
    cv2.setNumThreads(1)
    part, pictures = task
    lines = []
    for name, expression, number in pictures:
        image_HW3, points_L2 = render(
            params.seed, expression, number, params.size_px, params.variety
        )
        quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        good, encoded = cv2.imencode(".jpg", image_HW3[:, :, ::-1], quality)
        assert good
        atomic_write(part.parent / name, encoded.tobytes())
        numbers = ",".join(f"{value:.4f}" for value in points_L2.T.ravel())
        lines.append(f"{name},{numbers}\n")
    atomic_write(part, "".join(lines).encode())
    return {"ok": len(pictures)}
