import math

import pytest

from errors import DataError
from pipeline.indexing.au_rows import frame_number, number, share


def test_an_intensity_is_a_share_of_the_strongest():
    assert share(" 2.5", 5, "here") == 0.5
    assert math.isnan(share("", 5, "here"))
    assert math.isnan(share("nan", 1, "here"))


@pytest.mark.parametrize(("text", "strongest"), [("5.1", 5), ("-0.1", 5), ("inf", 1), ("2", 1)])
def test_an_intensity_out_of_range_is_refused(text, strongest):
    with pytest.raises(DataError, match=f"intensity {text}, which must be from 0 to {strongest}"):
        share(text, strongest, "here")


def test_a_word_is_no_number_and_half_a_frame_no_frame():
    with pytest.raises(DataError, match="'high' where a number"):
        number("high", "here")
    with pytest.raises(DataError, match=r"frame '1\.5'"):
        frame_number("1.5", "here")
    assert frame_number("12.0", "here") == 12
