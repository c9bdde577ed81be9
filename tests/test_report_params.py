"""[report] and [explain.draw] of params.yaml."""

import pytest

from report.params import DrawParams, ReportParams


def test_a_misspelt_parameter_is_refused_by_name():
    with pytest.raises(ValueError, match="sheet_face\n"):
        ReportParams.model_validate({"title": "x", "sheet_faces": 1, "sheet_face": 1})


@pytest.mark.parametrize("side", [127, 2049])
def test_a_panel_has_a_sensible_side(side):
    with pytest.raises(ValueError, match="panel_px"):
        DrawParams(panel_px=side, video_faces=1)
