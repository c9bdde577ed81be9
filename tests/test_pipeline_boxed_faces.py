"""The box of a dataset decides who is cropped: all readers that know boxes, real detectors."""

import numpy as np
import pytest

from anatomy.landmarks import normalized_mean_error
from pipeline.align import align
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.warp import transform_points
from pipeline.index import index
from store.reading import Store
from tests.indexing import align_params, index_params
from tests.scenes import WRITERS, covered, scene

pytestmark = [pytest.mark.slow, pytest.mark.face_tool]

REAL = align_params(
    backends=("mediapipe", "dlib"), mode="auto", max_pixels=10_000_000, row_memory_gb=4
)
ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)


def aligned(root, reader, rows, **changes):
    """Write (picture, points of the boxed face), index and align them; return the store."""
    WRITERS[reader](root / "raw", rows)
    index(root / "raw", root / "index", index_params(reader, allow_leak=True), ALONE.progress)
    align(root / "index", root / "faces", REAL.model_copy(update=changes), ALONE)
    return Store(root / "faces")


def misses(store, rows):
    """Return how far the found points of each crop lie from the boxed face, of the eye distance."""
    found, matrices = store.array("points").load(), store.array("matrix").load()
    return [
        normalized_mean_error(points, transform_points(face, matrix))
        for points, matrix, (_, face) in zip(found, matrices, rows, strict=True)
    ]


def two(other):
    """A small face and another one beside it, of this side."""
    return scene(600, 900, (0, 40, 200, 160), (1, 220, 60, other))


@pytest.mark.parametrize("reader", WRITERS)
def test_a_covered_face_is_no_face_and_never_the_other_one(tmp_path, reader):
    rows = []
    for other in (160, 320, 480):
        picture, (hidden, _) = two(other)
        rows.append((covered(picture, hidden), hidden))
    store = aligned(tmp_path, reader, rows)
    assert [row["status"] for row in store.rows()] == ["no_face"] * 3
    assert [row["detail"] for row in store.rows()] == ["box"] * 3


@pytest.mark.parametrize("reader", WRITERS)
def test_every_boxed_face_is_the_one_that_is_cropped(tmp_path, reader):
    beside, (small, large) = two(480)
    crowd, eight = scene(
        600, 1100, *((n, 20 + n % 4 * 270, 30 + n // 4 * 280, 250) for n in range(8))
    )
    alone, (tiny,) = scene(1000, 1400, (3, 900, 600, 60))
    edge, (cut, _) = scene(600, 900, (5, 0, 0, 140), (1, 320, 60, 480))
    rows = [(beside, small), (beside, large), *((crowd, face) for face in eight)]
    rows += [(alone, tiny), (edge, cut)]
    store = aligned(tmp_path, reader, rows)
    assert [row["status"] for row in store.rows()] == ["ok"] * len(rows)
    assert max(misses(store, rows)) < 0.12
    assert {row["detail"] for row in store.rows()} == {"align"}


def test_a_box_is_kept_where_no_face_is_found_but_wanted_all_the_same(tmp_path):
    picture, (hidden, _) = two(480)
    rows = [(covered(picture, hidden), hidden)]
    store = aligned(tmp_path, "csv", rows, no_face="resize")
    centre = transform_points(hidden, store.array("matrix").load()[0]).mean(axis=0)
    np.testing.assert_allclose(centre, 128, atol=25)
    assert store.rows()[0]["status"] == "ok"
