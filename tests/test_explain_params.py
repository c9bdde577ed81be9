"""[explain] of params.yaml."""

import pytest
from pydantic import ValidationError

from explain.params import ExplainParams
from params import load


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("read", {"cam_method": "scorecam"}),
        ("read", {"readout": "cam"}),
        ("find", {"backends": []}),
    ],
)
def test_what_is_not_legal_is_named(checkout, section, change):
    given = load(checkout / "params.yaml").explain.model_dump()
    with pytest.raises(ValidationError, match=next(iter(change))):
        ExplainParams(**given | {section: given[section] | change})
