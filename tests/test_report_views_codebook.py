import numpy as np
from click.testing import CliRunner

from anatomy.landmarks import five_landmarks, mirror_points
from cli import main
from report.views.codebook import apart, drawn_face, figure, write_codebook
from tests.basic7 import BASIC7


def test_the_drawn_face_is_symmetric_and_as_large_as_an_aligned_one():
    face = drawn_face()
    np.testing.assert_array_equal(mirror_points(face, 224), face)
    aligned = np.array([[91, 112], [165, 112], [128, 152.7], [95.6, 194.1], [160.4, 194.1]])
    np.testing.assert_allclose(five_landmarks(face), aligned * 224 / 256, atol=2.5)


def test_labels_are_moved_apart_and_stay_on_the_panel():
    assert apart([10, 12, 50], 15, 200) == [10, 25, 50]
    assert apart([190, 195, 199], 15, 200) == [170, 185, 200]


def test_the_figure_labels_every_region_and_marks_what_was_corrected():
    texts = [(text.get_text(), text.get_color()) for text in figure(BASIC7).axes[0].texts]
    for wanted in ("23 24 26", "26 27", "43"):
        assert (wanted in [text for text, _ in texts]) == (wanted != "43")  # no expression has 43
    assert sorted({text for text, colour in texts if colour == "#c62828"}) == ["10", "20"]


def test_the_command_writes_table_and_figure_the_same_each_time(tmp_path):
    found = CliRunner().invoke(main, ["view", "codebook", str(tmp_path / "a")])
    assert found.exit_code == 0
    write_codebook(tmp_path / "b", BASIC7)
    for name in ("action_units.md", "codebook.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
