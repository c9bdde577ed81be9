"""RAF-DB's annotations: the order of a box's numbers, attributes, broken files."""

import pytest

from errors import DataError, NoInputError
from pipeline.datasets.raf_db import read_raf_db
from tests.basic7 import BASIC7
from tests.miniatures import put, raf_db


def read(root, **options):
    return list(read_raf_db(root, options, BASIC7))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 3, 2)], ids=["x first", "y first"])
def test_the_five_points_tell_the_order_of_the_box(tmp_path, order):
    assert read(raf_db(tmp_path, order=order))[0].box == (60.5, 150.0, 80.0, 100.0)


def test_boxes_that_hold_no_face_in_any_order_are_refused(tmp_path):
    raf_db(tmp_path, order=(2, 3, 0, 1))
    with pytest.raises(DataError, match=r"boundingbox.*x0 y0 x1 y1: 0%.*move this folder"):
        read(tmp_path)


def test_boxes_without_points_are_refused(tmp_path):
    raf_db(tmp_path)
    (tmp_path / "Annotation/manual").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="no points to tell"):
        read(tmp_path)


def test_attributes_are_kept_as_words(tmp_path):
    assert read(raf_db(tmp_path))[0].attributes == {
        "five_points": "80 190 120 190 100 210 85 230 115 230",
        "gender": "female",
        "race": "Asian",
        "age": "40-69",
    }


def test_aligned_pictures_have_no_annotations_of_the_original_ones(tmp_path):
    sample = read(raf_db(tmp_path), pictures="aligned")[0]
    assert (sample.box, sample.attributes) == (None, {})


def test_without_annotations_there_are_none(tmp_path):
    raf_db(tmp_path)
    (tmp_path / "Annotation").rename(tmp_path / "elsewhere")
    assert read(tmp_path)[0].box is None


@pytest.mark.parametrize("text", ["1 2 3", "", "80 90 " * 5 + "1 2", "80 90 " * 5 + "1 3 3"])
def test_a_broken_annotation_is_named(tmp_path, text):
    raf_db(tmp_path)
    put(tmp_path, "Annotation/manual/train_00002_manu_attri.txt", text=text)
    with pytest.raises(DataError, match="train_00002_manu_attri"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d"])
def test_a_broken_box_is_named(tmp_path, text):
    raf_db(tmp_path)
    put(tmp_path, "Annotation/boundingbox/test_0002_boundingbox.txt", text=text)
    with pytest.raises(DataError, match="test_0002_boundingbox"):
        read(tmp_path)


def test_packed_annotations_are_named(tmp_path):
    raf_db(tmp_path)
    (tmp_path / "Annotation/manual").rename(tmp_path / "elsewhere")
    put(tmp_path, "Annotation/manual.zip")
    with pytest.raises(NoInputError, match=r"manual\.zip.*still packed"):
        read(tmp_path)
