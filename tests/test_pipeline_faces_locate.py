"""Where the face is in a picture, with a backend that sees five grey marks on black."""

import numpy as np
import pytest

from anatomy.landmarks import five_landmarks
from pipeline.faces.backends import BACKENDS
from pipeline.faces.locate import FACE_CHOICES, Attempt, Search, cascade
from pipeline.faces.locate import locate as search_with

MARKS = (50, 90, 130, 170, 210)
"""Grey of left eye, right eye, nose tip, left and right corner of the mouth."""


def painted(face_L2, height, width):
    """Return a black picture with the face's five marks, and the pixels that they are."""
    picture, pixels = (
        np.zeros((height, width, 3), np.uint8),
        np.rint(five_landmarks(face_L2)).astype(int),
    )
    picture[pixels[:, 1], pixels[:, 0]] = np.array(MARKS)[:, None]
    return picture, pixels


def from_five(marks_52):
    """Return 68 points with these five, and a jaw around them."""
    face = np.zeros((68, 2))
    left, right, nose, left_corner, right_corner = marks_52
    face[:17] = np.linspace(left * 1.5 - right * 0.5, right * 1.5 - left * 0.5, 17)
    face[17:36], face[36:42], face[42:48] = nose, left, right
    face[48:] = (left_corner + right_corner) / 2
    face[48], face[54] = left_corner, right_corner
    return face


@pytest.fixture
def sees(monkeypatch):
    """Return a function that makes a backend of that name, and the pictures that it looked at."""

    def make(name, answer):
        looked = []

        def backend(image_HW3):
            looked.append(image_HW3)
            return answer(image_HW3)

        monkeypatch.setitem(BACKENDS, name, backend)
        return looked

    return make


def marks(image_HW3):
    """Find the marks, if all are there and the eyes are above the mouth."""
    places = [np.argwhere(image_HW3[..., 0] == mark)[:, ::-1] for mark in MARKS]
    if not all(len(place) == 1 for place in places):
        return np.zeros((0, 68, 2))
    return from_five(np.concatenate(places).astype(float))[None]


def always(*faces):
    return lambda image_HW3: np.array(faces, float).reshape(-1, 68, 2)


def map_picture(height, width):
    """Return a picture whose colours are its coordinates: red grows to the right, green down."""
    y, x = np.indices((height, width)) * 255 / np.array([height, width]).reshape(2, 1, 1)
    return np.stack([x, y, np.full_like(x, 9)], axis=-1).round().astype(np.uint8)


def around_here(*faces, most=5):
    """Return a backend that finds, in any part of a map picture of 600 px, the faces in sight."""

    def find(image_HW3):
        across, down = image_HW3[..., 0].mean(axis=0), image_HW3[..., 1].mean(axis=1)
        (x_step, x), (y_step, y) = (np.polyfit(np.arange(len(v)), v, 1) for v in (across, down))
        here = (np.array(faces) * 255 / 600 - (x, y)) / (x_step, y_step)
        centres, size = here.mean(axis=1), np.array([image_HW3.shape[1], image_HW3.shape[0]])
        return here[((centres > 0) & (centres < size)).all(axis=1)][:most]

    return find


def box_round(face_L2, loose=1.0):
    """Return the box of a face, this many times as wide and high."""
    low, high = face_L2.min(axis=0), face_L2.max(axis=0)
    side = (high - low) * loose
    return (*((low + high - side) / 2), *side)


def at(face_L2, x, y, scale=1.0):
    """Return the face, shrunk and with its centre (128, 140) at x, y."""
    return (face_L2 - (128, 140)) * scale + (x, y)


def locate(image_HW3, attempts, min_width, box=None, choice="largest_central"):
    return search_with(image_HW3, Search(attempts, min_width, choice), box)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("pad", [0.0, 0.25])
def test_points_come_back_in_pixels_of_the_picture(sees, template_face, turns, pad):
    upright, pixels = painted(at(template_face, 148, 148), 280, 300)
    sees("fake", marks)
    turned = np.ascontiguousarray(
        np.rot90(upright, turns)
    )  # counter-clockwise; the attempt turns it back
    x, y = pixels.T
    expected = [(x, y), (y, 299 - x), (299 - x, 279 - y), (279 - y, x)][turns]
    found = locate(turned, [Attempt("fake", pad, turns)], 0.2)
    np.testing.assert_allclose(
        five_landmarks(found.points_L2), np.stack(expected, axis=1), atol=1e-9
    )


def test_a_small_picture_is_enlarged_to_256_px(sees, template_face):
    looked = sees("fake", always(template_face))
    found = locate(np.zeros((64, 96, 3), np.uint8), [Attempt("fake")], 0.2)
    assert looked[0].shape == (256, 384, 3)
    np.testing.assert_allclose((found.points_L2 + 0.5) * 4 - 0.5, template_face)


def test_a_large_picture_is_shrunk_to_1600_px(sees, template_face):
    looked = sees("fake", always(template_face * 3))
    found = locate(np.zeros((1600, 3200, 3), np.uint8), [Attempt("fake")], 0.2)
    assert looked[0].shape == (800, 1600, 3)
    np.testing.assert_allclose((found.points_L2 + 0.5) / 2 - 0.5, template_face * 3)


def test_enlarging_keeps_things_in_their_place(sees, template_face):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[20, 40] = 255
    looked = sees("fake", always(template_face))
    locate(picture, [Attempt("fake")], 0.2)
    weights = looked[0][..., 0].astype(float)
    y, x = (np.tensordot(weights, grid, 2) / weights.sum() for grid in np.indices((256, 256)))
    assert (x, y) == pytest.approx((40.5 * 4 - 0.5, 20.5 * 4 - 0.5), abs=0.05)


def test_padding_repeats_the_border(sees, template_face):
    looked = sees("fake", always(template_face + 64))
    found = locate(np.full((256, 256, 3), 77, np.uint8), [Attempt("fake", 0.25)], 0.2)
    assert looked[0].shape == (384, 384, 3)
    assert looked[0].min() == 77
    np.testing.assert_allclose(found.points_L2, template_face)


def test_attempts_go_from_cheap_to_desperate():
    assert [str(attempt) for attempt in cascade(["a", "b"])] == [
        *("a", "a+pad", "b", "b+pad"),
        *("a@90", "b@90", "a@270", "b@270", "a@180", "b@180"),
    ]


def test_the_first_attempt_that_finds_a_face_is_named(sees, template_face):
    picture, _ = painted(template_face, 256, 256)
    looked = sees("blind", always())
    sees("fake", marks)
    found = locate(np.ascontiguousarray(np.rot90(picture)), cascade(["blind", "fake"]), 0.2)
    assert found.attempt == "fake@90"
    assert len(looked) == 3


def test_no_attempt_means_no_face(sees):
    sees("blind", always())
    assert locate(np.zeros((256, 256, 3), np.uint8), cascade(["blind"]), 0.2) is None


@pytest.mark.parametrize(
    "face",
    [
        lambda face: face * [1, -1] + [0, 255],
        lambda face: at(face, 128, 128, 0.1),
        lambda face: at(face, 328, 140),
        lambda face: at(face, 128, -30),
        lambda face: np.where(np.arange(68)[:, None] == 3, np.nan, face),
        lambda face: np.full((68, 2), 100.0),
    ],
    ids=["upside down", "too narrow", "right of it", "above it", "no number", "all in one place"],
)
def test_the_gate_refuses_an_implausible_face(sees, template_face, face):
    sees("fake", always(face(template_face)))
    assert locate(np.zeros((256, 256, 3), np.uint8), [Attempt("fake")], 0.2) is None


def test_the_least_width_is_that_of_the_shorter_side(sees, template_face):
    sees("fake", always(at(template_face, 300, 128, 0.3)))  # 54 px wide
    picture = np.zeros((256, 600, 3), np.uint8)
    assert locate(picture, [Attempt("fake")], 54 / 256 - 0.01) is not None
    assert locate(picture, [Attempt("fake")], 54 / 256 + 0.01) is None


def test_the_largest_face_wins(sees, template_face):
    small, large = at(template_face, 150, 300, 0.5), at(template_face, 450, 300, 0.9)
    sees("fake", always(small, large))
    found = locate(np.zeros((600, 600, 3), np.uint8), [Attempt("fake")], 0.1)
    np.testing.assert_allclose(found.points_L2, large)
    assert (found.faces, found.rival) == (2, False)


def test_of_two_alike_the_central_one_wins_and_the_rival_is_flagged(sees, template_face):
    side, centre = at(template_face, 100, 300), at(template_face, 300, 300)
    sees("fake", always(side, centre))
    found = locate(np.zeros((600, 600, 3), np.uint8), [Attempt("fake")], 0.1)
    np.testing.assert_allclose(found.points_L2, centre)
    assert found.rival


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_tie_goes_to_the_upper_left_whatever_the_order(sees, template_face, order):
    twins = [at(template_face, 128, 300), at(template_face, 383, 300)]  # mirror images in 512 px
    sees("fake", always(*(twins[place] for place in order)))
    found = locate(np.zeros((600, 512, 3), np.uint8), [Attempt("fake")], 0.1)
    np.testing.assert_allclose(found.points_L2, twins[0])


@pytest.mark.parametrize("loose", [0.7, 1.0, 1.4, 2.0])
@pytest.mark.parametrize("scale", [0.15, 0.5])
def test_the_boxed_face_wins_over_size_whatever_its_box(sees, template_face, scale, loose):
    small, large = at(template_face, 100, 100, scale), at(template_face, 350, 300)
    sees("fake", around_here(large, small))
    found = locate(map_picture(600, 600), [Attempt("fake")], 0.2, box_round(small, loose))
    np.testing.assert_allclose(found.points_L2, small, atol=1)
    assert (found.attempt, found.rival) == ("fake in box", False)


def test_a_neighbour_is_never_taken_for_the_face_in_the_box(sees, template_face):
    covered, neighbour = at(template_face, 150, 300, 0.5), at(template_face, 250, 300, 0.5)
    sees("fake", around_here(neighbour))
    for loose in (0.7, 1.0, 1.5, 2.0):
        box = box_round(covered, loose)
        assert locate(map_picture(600, 600), cascade(["fake"])[:1], 0.1, box) is None


def test_a_backend_that_finds_only_others_has_found_nobody(sees, template_face):
    boxed, other = at(template_face, 150, 300, 0.5), at(template_face, 400, 300)
    sees("first", around_here(other))
    sees("second", around_here(other, boxed))
    attempts = [Attempt("first"), Attempt("second")]
    found = locate(map_picture(600, 600), attempts, 0.1, box_round(boxed))
    assert found.attempt == "second in box"
    np.testing.assert_allclose(found.points_L2, boxed, atol=1)


def test_a_backend_that_names_few_faces_hides_no_boxed_one(sees, template_face):
    rows = [at(template_face, x, y, 0.4) for y in (150, 400) for x in (90, 230, 370, 510)]
    sees("fake", around_here(*rows, most=5))
    for face in rows:
        found = locate(map_picture(600, 600), [Attempt("fake")], 0.1, box_round(face))
        np.testing.assert_allclose(found.points_L2, face, atol=1)


def test_the_least_width_of_a_boxed_face_is_that_of_its_box(sees, template_face):
    small = at(template_face, 100, 100, 0.15)  # 27 px wide, the box 43 high
    sees("fake", around_here(small))
    picture, box = map_picture(600, 600), box_round(small, 2)
    assert locate(picture, [Attempt("fake")], 0.6, box) is not None
    assert locate(picture, [Attempt("fake")], 0.66, box) is None


def test_a_face_that_is_found_in_the_whole_picture_alone_is_taken(sees, template_face):
    whole = around_here(at(template_face, 150, 300, 0.5))
    nothing = np.zeros((0, 68, 2))
    looked = sees("fake", lambda image: whole(image) if image.shape[0] == 600 else nothing)
    box = box_round(at(template_face, 150, 300, 0.5))
    found = locate(map_picture(600, 600), [Attempt("fake")], 0.1, box)
    assert found.attempt == "fake"
    assert len(looked) == 3


def test_a_box_of_the_whole_picture_is_looked_at_once_each_way(sees):
    looked = sees("blind", always())
    assert (
        locate(np.zeros((256, 256, 3), np.uint8), cascade(["blind"]), 0.2, (0, 0, 256, 256)) is None
    )
    assert len(looked) == len(cascade(["blind"]))


@pytest.mark.parametrize("box", [(700, 0, 50, 50), (-60, 10, 50, 50), (10, 10, 0, 50)])
def test_a_box_outside_the_picture_holds_no_face(sees, template_face, box):
    sees("fake", around_here(at(template_face, 300, 300)))
    assert locate(map_picture(600, 600), [Attempt("fake")], 0.1, box) is None


def test_an_implausible_second_face_is_not_counted(sees, template_face):
    sees("fake", always(template_face, template_face * [1, -1] + [0, 255]))
    found = locate(np.zeros((256, 256, 3), np.uint8), [Attempt("fake")], 0.2)
    assert (found.faces, found.rival) == (1, False)


@pytest.mark.parametrize("choice", FACE_CHOICES)
def test_one_face_alone_is_taken_whatever_the_choice(sees, template_face, choice):
    sees("fake", always(template_face))
    found = locate(np.zeros((256, 256, 3), np.uint8), [Attempt("fake")], 0.2, choice=choice)
    np.testing.assert_allclose(found.points_L2, template_face)
    assert not found.rejected


@pytest.mark.parametrize("choice", FACE_CHOICES)
def test_the_given_box_wins_over_every_choice(sees, template_face, choice):
    small, large = at(template_face, 100, 100, 0.5), at(template_face, 350, 300)
    sees("fake", around_here(small, large))
    box = box_round(small)
    found = locate(map_picture(600, 600), [Attempt("fake")], 0.1, box, choice)
    np.testing.assert_allclose(found.points_L2, small, atol=1)
    assert not found.rejected


def test_the_centre_wins_over_size_where_it_is_chosen(sees, template_face):
    central, large = at(template_face, 300, 300, 0.4), at(template_face, 130, 140)
    sees("fake", always(large, central))
    picture = np.zeros((600, 600, 3), np.uint8)
    found = locate(picture, [Attempt("fake")], 0.1, choice="centre")
    np.testing.assert_allclose(found.points_L2, central)


def test_several_faces_are_rejected_where_that_is_chosen(sees, template_face):
    sees("fake", always(at(template_face, 130, 140), at(template_face, 400, 400)))
    picture = np.zeros((600, 600, 3), np.uint8)
    found = locate(picture, [Attempt("fake")], 0.1, choice="reject")
    assert (found.rejected, found.faces) == (True, 2)
