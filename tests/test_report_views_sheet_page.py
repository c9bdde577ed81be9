"""How a page of a contact sheet is laid out."""

from anatomy.landmarks import POINTS, REGIONS
from report.views.sheet_page import REGION_COLOURS, faces_per_page


def test_every_point_has_one_colour():
    colorize_map = [
        point
        for _, regions in REGION_COLOURS.values()
        for name in regions
        for point in REGIONS[name]
    ]
    assert sorted(colorize_map) == list(range(POINTS))
    assert len({colour for colour, _ in REGION_COLOURS.values()}) == len(REGION_COLOURS)


def test_more_maps_per_face_leave_room_for_fewer_faces():
    assert [faces_per_page(maps) for maps in (1, 7)] == [24, 6]
