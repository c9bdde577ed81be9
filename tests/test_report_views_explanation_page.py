from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from report.figures.drawing import ALERT, GREY
from report.figures.overlays import blend_map, overlay_map
from report.views.explanation_page import MOST_TEXTS, ExplainedFace, draw_page, figure_pixels
from tests.basic7 import EXPRESSIONS

PICTURE = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
CHANCES = {name: place / 21 for place, name in enumerate(EXPRESSIONS)}


def face(heat=0.5, sentence="Fear (76 %).", titles=("attention", "CAM", "AU map")):
    square = np.array([[50, 40], [250, 40], [250, 240], [50, 240]], float)
    heatmaps = {name: np.full((300, 400), heat, np.float32) for name in titles}
    return ExplainedFace(square, heatmaps, sentence, CHANCES)


def words(figure: Figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_page_shows_the_picture_under_every_map_and_what_is_said():
    figure = draw_page("a.jpg", PICTURE, [face()])
    assert len(figure.axes[0].images) == 4
    found = words(figure)
    assert {"a.jpg", "picture", "attention", "CAM", "AU map", "Fear (76 %)."} <= set(found)
    assert any(line.startswith("Sadness 29 %, Disgust 24 %") for line in found)


def test_a_page_has_a_pixel_for_every_pixel_of_the_picture():
    shown = figure_pixels(draw_page("a.jpg", PICTURE, [face()]))
    assert shown.dtype == np.uint8
    corner = shown[64 + 10, 20 + 10]
    np.testing.assert_array_equal(corner, PICTURE[10, 10])


def test_every_face_is_framed_and_numbered_on_every_panel():
    figure = draw_page("a.jpg", PICTURE, [face(), face()])
    assert len(figure.axes[0].patches) == 4 * 2
    assert words(figure).count("2") == 4 + 1


def test_where_faces_overlap_the_higher_map_shows():
    figure = draw_page("a.jpg", PICTURE, [face(0.2), face(0.9)])
    expected = blend_map(PICTURE, np.full((300, 400), 0.9, np.float32))
    np.testing.assert_array_equal(figure.axes[0].images[1].get_array(), expected)


def test_a_face_without_units_leaves_out_that_map():
    figure = draw_page("a.jpg", PICTURE, [face(titles=("attention", "CAM"))])
    assert len(figure.axes[0].images) == 3


def test_pages_of_a_video_have_one_size_whatever_is_on_them():
    crowd = [face(sentence="Fear. " * 200) for _ in range(5)]
    alone = [face(titles=("attention", "CAM"))]
    sizes = {figure_pixels(draw_page("f", PICTURE, faces, 2)).shape for faces in ([], alone, crowd)}
    assert len(sizes) == 1


def test_a_page_names_no_more_faces_than_it_has_room_for():
    shown = words(draw_page("f", PICTURE, [face() for _ in range(5)], 2))
    assert shown.count("Fear (76 %).") == 2


def test_a_picture_without_a_face_says_so():
    assert "No face was found." in words(draw_page("f", PICTURE, [], 2))


@pytest.mark.parametrize("name", ["a\nb", "$x$", "\udcff", "長い"])
def test_a_name_is_words_whatever_is_in_it(name):
    figure_pixels(draw_page(name, PICTURE, [face()]))


def test_a_painted_picture_is_the_overlay_of_a_face():
    square, heat = PICTURE[:, :300], np.random.default_rng(1).random((300, 300))
    np.testing.assert_array_equal(overlay_map(square, heat), blend_map(square, heat))


def test_a_number_of_two_digits_does_not_touch_its_sentence():
    figure = draw_page("f", PICTURE, [face() for _ in range(12)])
    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    texts = figure.axes[0].texts
    number = next(one for one in reversed(texts) if one.get_text() == "12")
    sentence = next(one for one in reversed(texts) if one.get_text().startswith("Fear"))
    gap = sentence.get_window_extent(renderer).x0 - number.get_window_extent(renderer).x1
    assert gap > 4


def test_with_little_room_the_largest_faces_get_a_sentence_and_keep_their_number():
    small, large = face(sentence="small"), face(sentence="large")
    small = replace(small, outline_42=small.outline_42 / 2)
    found = words(draw_page("f", PICTURE, [small, large], 1))
    assert "large" in found
    assert "small" not in found
    assert found.count("2") == 4 + 1


def test_a_notice_is_red():
    figure = draw_page("f", PICTURE, [face()], notice="Not real people.")
    (notice,) = [one for one in figure.axes[0].texts if one.get_text() == "Not real people."]
    assert notice.get_color() == ALERT


def test_what_a_run_was_trained_on_stands_below_the_title_without_alarm():
    figure = draw_page("f", PICTURE, [face()], origin="Trained on 9 faces of mine.")
    (origin,) = [one for one in figure.axes[0].texts if "9 faces" in one.get_text()]
    assert origin.get_color() == GREY


def test_of_a_long_title_the_end_is_shown():
    assert any(
        line.endswith("/b.jpg") for line in words(draw_page("a" * 500 + "/b.jpg", PICTURE, []))
    )


def test_a_crowd_fits_on_a_page():
    figure = draw_page("f", PICTURE, [face() for _ in range(MOST_TEXTS + 20)])
    assert words(figure).count("Fear (76 %).") == MOST_TEXTS
    assert figure.bbox.height < 2**16


def test_a_restored_face_has_a_panel_beside_the_picture():
    seen = PICTURE.copy()
    seen[100:150, 100:150] = 255 - seen[100:150, 100:150]
    restored = replace(face(), restored_HW3=seen)
    figure = draw_page("a.jpg", PICTURE, [face(), restored])
    assert "as restored" in words(figure)
    np.testing.assert_array_equal(figure.axes[0].images[1].get_array(), seen)
