"""Maps over pictures."""

import numpy as np

from report.figures.overlays import blend_map, colorize_map, encode_jpeg, magma_stops, overlay_map


def test_an_empty_map_leaves_the_face_grey_and_visible():
    face = np.full((4, 4, 3), 100, np.uint8)
    assert (
        overlay_map(face, np.zeros((2, 2))) == overlay_map(face, np.zeros((2, 2)))[0, 0, 0]
    ).all()


def test_a_map_of_the_pictures_own_size_is_blended_without_resizing():
    face, heat = np.full((4, 4, 3), 100, np.uint8), np.random.default_rng(1).random((4, 4))
    np.testing.assert_array_equal(overlay_map(face, heat), blend_map(face, heat))


def test_a_map_alone_goes_from_black_to_light():
    low, high = colorize_map(np.array([[0.0, 1.0]]))[0]
    assert low.max() < 10
    assert high.min() > 150


def test_the_legend_starts_and_ends_where_the_colours_do():
    assert magma_stops(3)[0] == "#000004"
    assert len(magma_stops(3)) == 3


def test_a_picture_for_the_page_is_a_jpeg():
    assert encode_jpeg(np.zeros((8, 8, 3), np.uint8)).startswith(b"\xff\xd8")
