import numpy as np
import pytest
import torch

from errors import DataError, UsageError
from tests.basic7 import BASIC7, EXPRESSIONS
from train.examination.function_model import find_function, function_classes, function_model

IMAGES = torch.rand(3, 3, 8, 8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "five_lines.py").write_text(
        "import numpy\n"
        "def even(faces):\n    return numpy.full((len(faces), 7), 1 / 7)\n"
        "def two(faces):\n    return numpy.eye(2)[faces[:, 0, 0, 0] // 128]\n"
        "two.classes = ['neutral', 'happy']\n"
        "number = 3\n"
    )
    return tmp_path


def test_a_function_of_the_working_folder_is_asked_with_uint8_faces(folder):
    function = find_function("five_lines:two")
    assert function_classes(function, BASIC7) == ("neutral", "happy")
    answers = function_model("five_lines:two", function)(IMAGES).scores_BK
    bright = (IMAGES[:, 0, 0, 0] * 255).round().numpy() >= 128
    np.testing.assert_array_equal(answers[:, 1] == 1, bright)


def test_without_names_its_classes_are_those_of_the_faces(folder):
    assert function_classes(find_function("five_lines:even"), BASIC7) == EXPRESSIONS


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("nowhere_to_be_found:even", "no module 'nowhere_to_be_found'"),
        ("five_lines:odd", "has no function 'odd'"),
        ("five_lines:number", "has no function 'number'"),
    ],
)
def test_what_is_no_function_is_named(folder, entry, message):
    with pytest.raises(UsageError, match=message):
        find_function(entry)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda faces: 1 / 0, r"raised ZeroDivisionError.*\(3, 8, 8, 3\) uint8, RGB"),
        (lambda faces: np.zeros(7), r"3 faces with the shape \(7,\)"),
        (lambda faces: np.zeros((2, 7)), r"shape \(2, 7\)"),
    ],
)
def test_a_function_that_fails_or_answers_too_little_is_told(function, message):
    with pytest.raises(DataError, match=message):
        function_model("mine:it", function)(IMAGES)
