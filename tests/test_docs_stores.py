"""docs/stores.md: its code runs as it stands, and its table names every array of every store."""

import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from anatomy.landmarks import REGIONS
from pipeline.execution.cluster import ClusterConfig
from pipeline.landmark import landmark
from pipeline.params import LandmarkParams
from store.reading import Store, read_points

ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
PARAMS = LandmarkParams(
    backend="given", max_move=1.0, max_bad=1.0, row_timeout_s=9, row_memory_gb=4.0
)


@pytest.fixture
def page(checkout):
    return (checkout / "docs" / "stores.md").read_text()


@pytest.fixture
def landmarks(make_store, tmp_path, template_face):
    arrays = {
        "image": np.zeros((2, 256, 256, 3), np.uint8),
        "given": np.stack([template_face, template_face + 2]).astype(np.float32),
        "valid": np.ones(2, np.uint8),
    }
    table = [{"id": f"{row}", "status": "ok", "backend": "given"} for row in range(2)]
    faces = make_store(tmp_path / "faces", arrays, {"dataset": "demo"}, table)
    landmark(faces, tmp_path / "data/landmarks/demo", PARAMS, ALONE)
    return Store(tmp_path / "data/landmarks/demo")


def test_the_code_reads_landmarks_in_px_from_zarr_and_hdf5(
    page, checkout, landmarks, tmp_path, monkeypatch
):
    code = [textwrap.dedent(part) for part in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)]
    with_zarr, export, with_hdf5 = code
    monkeypatch.chdir(tmp_path)
    subprocess.run(
        [sys.executable, checkout / "cli.py", *export.split()[2:]],
        check=True,
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )
    names: dict[str, np.ndarray] = {}
    exec(with_zarr + with_hdf5, names)
    expected = read_points(landmarks, np.arange(2))
    np.testing.assert_array_equal(names["first_face_px"], expected[0])
    np.testing.assert_array_equal(names["points_px"], expected)
    assert names["usable"].tolist() == [True, True]


def test_the_order_of_the_points_is_the_one_in_use(page):
    words = " ".join(page.split())
    for name, points in REGIONS.items():
        assert f"{name} {points[0]}-{points[-1]}" in words
