"""[demo] of params.yaml."""

import pytest
from pydantic import ValidationError

from demo.params import DemoParams

GIVEN = {"seed": 0, "variety": 0, "size_px": 256, "train": 1, "val": 1, "test": 1}


@pytest.mark.parametrize(
    "change",
    [{"size_px": 31}, {"seed": -1}, {"val": 0}, {"variety": 1.1}, {"colour": "red"}],
)
def test_what_is_not_legal_is_named(change):
    with pytest.raises(ValidationError, match=next(iter(change))):
        DemoParams(**GIVEN | change)
