"""Face finders, and stage `align` with them, on drawn faces and on photographs."""

import numpy as np
import pytest
from PIL import Image

from anatomy.landmarks import normalized_mean_error
from demo.render import render
from pipeline.align import align, align_image
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.backends import BACKENDS
from pipeline.faces.decode import PictureLimits, decode
from pipeline.faces.warp import transform_points
from pipeline.index import index
from store.building import read_manifest
from store.reading import Store
from tests.indexing import align_params, index_params
from tests.pictures import saved

REAL = align_params(backends=("mediapipe", "dlib"), mode="auto", row_memory_gb=4, max_bad=0.0)
ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)


@pytest.fixture(scope="module")
def demo_faces(tmp_path_factory):
    """Index of four demo faces as files, and their true points."""
    folder = tmp_path_factory.mktemp("demo") / "raw"
    (folder / "fear").mkdir(parents=True)
    faces = [render(0, expression, 0, 256) for expression in range(4)]
    names = [f"{number}.png" for number in range(4)]
    for name, (image, _) in zip(names, faces, strict=True):
        Image.fromarray(image).save(folder / "fear" / name)
    params = index_params("folder")
    index(folder, folder.parent / "index", params, ALONE.progress)
    return folder.parent / "index", [points for _, points in faces]


@pytest.mark.slow
@pytest.mark.face_tool
def test_the_bytes_do_not_depend_on_the_number_of_workers(demo_faces, tmp_path):
    path, _ = demo_faces
    align(path, tmp_path / "alone", REAL, ALONE)
    align(path, tmp_path / "two", REAL, ClusterConfig(ALONE.progress, workers=2))
    alone, two = (read_manifest(tmp_path / name)["files"] for name in ("alone", "two"))
    assert alone == two


@pytest.mark.slow
@pytest.mark.face_tool
def test_the_demo_faces_are_found_where_they_are(demo_faces, tmp_path):
    path, true_points = demo_faces
    align(path, tmp_path / "faces", REAL, ALONE)
    store = Store(tmp_path / "faces")
    there = [
        transform_points(points, matrix)
        for points, matrix in zip(true_points, store.array("matrix").load(), strict=True)
    ]
    errors = [
        normalized_mean_error(*pair)
        for pair in zip(store.array("points").load(), there, strict=True)
    ]
    assert max(errors) < 0.08


@pytest.mark.face_tool
@pytest.mark.parametrize("name", ["mediapipe", "dlib", "dlib_small"])
def test_a_backend_finds_a_demo_face(name):
    image, points = render(0, 1, 0, 256)
    (found,) = BACKENDS[name](image)
    assert normalized_mean_error(found, points) < 0.08


@pytest.mark.face_tool
@pytest.mark.parametrize("name", ["mediapipe", "dlib", "dlib_small"])
def test_a_backend_finds_nothing_in_grey(name):
    assert BACKENDS[name](np.full((256, 256, 3), 128, np.uint8)).shape == (0, 68, 2)


@pytest.mark.face_tool
@pytest.mark.parametrize("side", [17, 24, 31])
def test_a_face_of_few_pixels_is_not_set_aside_as_small(side):
    face, _ = render(1, 3, 0, 96)
    stored = saved(Image.fromarray(face).resize((side, side), Image.Resampling.LANCZOS), "PNG")
    picture, _ = decode(stored, PictureLimits(1_000_000, 16))
    assert align_image(picture, REAL).status == "ok"


@pytest.mark.slow
@pytest.mark.face_tool
def test_photographs_of_people_are_aligned(checkout):
    folder = checkout / "../shared/open_fer/images"
    if not folder.is_dir():
        pytest.skip("there are no photographs beside this checkout")
    pictures = [
        decode(file.read_bytes(), PictureLimits(10_000_000, 16))[0]
        for file in sorted(folder.iterdir())[:10]
    ]
    faces = [align_image(picture, REAL) for picture in pictures]
    assert sum(face.status == "ok" for face in faces) >= 9
