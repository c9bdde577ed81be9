"""What stands below a face."""

import pytest

from report.views.captions import caption, shown
from tests.basic7 import book7


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (("Happiness", "ok", True, True, "AU6 12 25"), "Happiness: AU6 12 25"),
        (("Neutral", "ok", True, False, "no AUs"), "Neutral: no AUs"),
        (("Fear", "ok", True, False, "AU1"), "Fear: no map (no unit acts, or off the canvas)"),
        (("Sadness", "no_face", False, False, "AU1"), "no_face: no landmarks"),
    ],
)
def test_a_caption_says_what_is_shown_or_what_is_missing(given, text):
    assert caption(*given) == text


@pytest.mark.parametrize(
    ("kind", "options", "text"),
    [
        ("au", {}, "AU9 5 16 17 25 26"),
        ("au", {"codebook": "corrected"}, "AU9 10 16 17 25 26"),
        ("per_class_au", {"codebook": "corrected"}, "AU9 10 16 17 25 26"),
        ("generic_au", {}, "all 20 AUs, whatever the label"),
        ("single_au", {"au": 4}, "AU4 brow lowerer, whatever the label"),
        ("landmarks", {"jaw": False}, "51 landmarks"),
        ("landmarks", {"jaw": True}, "68 landmarks"),
    ],
)
def test_a_caption_says_what_the_kind_draws_on_a_face_of_disgust(kind, options, text):
    assert shown(kind, "Disgust", book7(options.get("codebook", "published")), options) == text


def test_a_kind_without_words_is_called_by_its_name():
    assert shown("mine", "Disgust", book7(), {}) == "mine"
