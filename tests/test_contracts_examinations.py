import pytest
from pydantic import ValidationError

from contracts.examinations import Estimate, RegionCell


def test_a_cell_of_one_face_has_no_error():
    cell = RegionCell(drop=0.1, elsewhere=0.0, error=None, n=1, own=True)
    assert cell.model_dump()["error"] is None


def test_an_unknown_key_is_refused():
    with pytest.raises(ValidationError, match="mean"):
        Estimate.model_validate({"value": 1, "interval": None, "n": 1, "mean": 2})
