"""A damaged store is built again from its own fingerprint, stage by stage."""

import cv2
import numpy as np
import pytest

from pipeline.align import align
from pipeline.execution.cluster import ClusterConfig
from pipeline.index import index
from pipeline.landmark import landmark
from pipeline.params import LandmarkParams
from pipeline.repair import STAGES, repair_store
from store.verify import find_problems
from tests.indexing import align_params, index_params

CLUSTER = ClusterConfig(lambda done, total, note: None, workers=0)


def lose_a_shard(store):
    before = (store / "MANIFEST.json").read_bytes()
    next((store / "data.zarr" / "points").glob("c.*")).unlink()
    return before


def test_every_stage_that_makes_shards_can_be_repaired(checkout):
    fills = {
        file.stem
        for file in (checkout / "pipeline").glob("*.py")
        if "from pipeline.execution.sharded_build import" in file.read_text()
    }
    assert set(STAGES) == fills


def test_landmarks_are_mended_from_the_faces(tmp_path, make_store):
    points = np.random.default_rng(0).uniform(0, 32, (6, 68, 2)).astype(np.float32)
    table = [{"id": str(row), "status": "ok", "backend": "dlib"} for row in range(6)]
    faces = make_store(
        tmp_path / "data" / "faces",
        {
            "image": np.zeros((6, 32, 32, 3), np.uint8),
            "given": points,
            "valid": np.ones(6, np.uint8),
        },
        {"dataset": "made up"},
        table,
    )
    out = tmp_path / "data" / "landmarks"
    params = LandmarkParams(
        backend="given", max_move=0.08, row_timeout_s=60, row_memory_gb=4, max_bad=1.0
    )
    landmark(faces, out, params, CLUSTER)
    before = lose_a_shard(out)
    lines = list(repair_store(out, [tmp_path / "data"], CLUSTER))
    assert lines[-1] == f"{out}: repaired, 1 file"
    assert (out / "MANIFEST.json").read_bytes() == before
    assert list(find_problems(out, deep=True)) == []


@pytest.mark.slow
@pytest.mark.face_tool
def test_faces_are_mended_from_the_pictures(tmp_path):
    raw = tmp_path / "raw" / "happiness"
    raw.mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(raw / f"{number}.png"), np.full((64, 64, 3), 60 * number, np.uint8))
    found, out = tmp_path / "data" / "index", tmp_path / "data" / "faces"
    index(
        tmp_path / "raw",
        found,
        index_params("folder", val=0.1, test=0.2),
        CLUSTER.progress,
    )
    align(found, out, align_params(size_px=64, backends=("dlib",), row_memory_gb=4), CLUSTER)
    before = lose_a_shard(out)
    list(repair_store(out, [tmp_path / "data"], CLUSTER))
    assert (out / "MANIFEST.json").read_bytes() == before
    assert list(find_problems(out, deep=True)) == []
