"""The confusion matrix and the cosines, as coloured cells."""

from benchmarks.made_results import put
from report.figures.matrices import confusion_matrix, cosine_matrix, matrix_figure
from report.reading.results import load_studies


def test_a_cell_of_the_confusion_holds_count_share_and_sentence(tmp_path):
    put(tmp_path)
    matrix = confusion_matrix(load_studies(tmp_path)[0].shown[0])
    name, cells = matrix.rows[6]
    assert (name, cells[3].text, cells[3].weight) == ("Sadness", "1", 1.0)
    assert cells[3].tooltip == "1 of 1 Sadness predicted as Fear (100.0%)"


def test_rows_of_the_cosines_are_layers_then_the_cam_then_baselines(tmp_path):
    put(tmp_path)
    matrix = cosine_matrix(load_studies(tmp_path)[0].shown[0])
    assert [name for name, _ in matrix.rows] == [
        *("layer 1", "layer 2", "CAM", "uniform", "all AUs", "class mean")
    ]
    assert matrix.rows[0][1][-1].text == "0.38"
    assert matrix.rows[0][1][0].text == ""


def test_a_matrix_is_drawn_as_png(tmp_path):
    put(tmp_path)
    matrix = confusion_matrix(load_studies(tmp_path)[0].shown[0])
    assert matrix_figure([matrix]).startswith(b"\x89PNG")
