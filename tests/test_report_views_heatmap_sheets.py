import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from anatomy.heatmaps import HEATMAPS
from cli import main
from errors import NoInputError, UsageError
from report.views.heatmap_sheets import SheetOptions, choose_rows, write_heatmap_sheets
from tests.basic7 import BASIC7, EXPRESSIONS

CYCLE = [EXPRESSIONS[row % 7] for row in range(910)]


def sheets(folder):
    return sorted(file.name for file in folder.iterdir())


def store_of_faces(make_store, out, valid, about=None):
    valid = np.array(valid, np.uint8)
    return make_store(
        out,
        {"image": np.full((len(valid), 8, 8, 3), 90, np.uint8), "valid": valid},
        about or {"dataset": "made-up", "notice": None},
        [{"id": f"{row}", "expression": "Fear", "status": "no_face"} for row in range(len(valid))],
    )


def store_of_points(make_store, out, valid, name="{}", about=None):
    return make_store(
        out,
        {"points": np.zeros((len(valid), 68, 2), np.int16), "valid": np.array(valid, np.uint8)},
        about or {"size_px": 8},
        [
            {"id": name.format(row), "expression": "Fear", "status": "no_face"}
            for row in range(len(valid))
        ],
    )


@pytest.mark.parametrize("kind", HEATMAPS)
def test_a_sheet_is_written_for_every_kind(tiny, tmp_path, kind):
    assert write_heatmap_sheets(
        tiny.faces, tiny.landmarks, tmp_path, SheetOptions(kind, None, 3)
    ) == (1, 3)
    assert sheets(tmp_path) == ["sheet-001.png"]


def test_a_page_holds_24_faces_and_the_next_one_the_rest(tiny, tmp_path):
    assert write_heatmap_sheets(
        tiny.faces, tiny.landmarks, tmp_path, SheetOptions("au", None, 25)
    ) == (2, 25)
    assert sheets(tmp_path) == ["sheet-001.png", "sheet-002.png"]
    full, rest = (imread(tmp_path / name) for name in sheets(tmp_path))
    assert full.shape[1] == rest.shape[1]
    assert full.shape[0] > 3 * rest.shape[0]


def test_seven_maps_a_face_leave_room_for_six_faces(tiny, tmp_path):
    choice = SheetOptions("per_class_au", None, 7)
    assert write_heatmap_sheets(tiny.faces, tiny.landmarks, tmp_path, choice) == (2, 7)


def test_more_faces_than_there_are_means_all(tiny, tmp_path):
    choice = SheetOptions("au", "Happiness", 100)
    assert write_heatmap_sheets(tiny.faces, tiny.landmarks, tmp_path, choice) == (1, 6)


def test_sheets_of_an_earlier_call_go_and_other_files_stay(tiny, tmp_path):
    (tmp_path / "sheet-002.png").touch()
    (tmp_path / "sheet-final.png").touch()
    write_heatmap_sheets(tiny.faces, tiny.landmarks, tmp_path, SheetOptions("au", None, 1))
    assert sheets(tmp_path) == ["sheet-001.png", "sheet-final.png"]


def test_equal_inputs_give_equal_sheets(tiny, tmp_path):
    for folder in ("first", "second"):
        write_heatmap_sheets(
            tiny.faces, tiny.landmarks, tmp_path / folder, SheetOptions("au", None, 2)
        )
    first, second = (tmp_path / folder / "sheet-001.png" for folder in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_an_overlay_is_orange_on_the_corners_of_a_smile_only(tiny, tmp_path):
    write_heatmap_sheets(tiny.faces, tiny.landmarks, tmp_path, SheetOptions("au", "Happiness", 1))
    page = np.rint(imread(tmp_path / "sheet-001.png")[..., :3] * 255).astype(int)
    third = page[104 : 104 + 224, 28 + 2 * 228 : 28 + 2 * 228 + 224]
    reddish = (third[..., 0] - third[..., 2]) > 60
    assert reddish[112:].mean() > 0.1
    assert not reddish[:60].any()


def test_rows_without_faces_are_shown_too(make_store, tmp_path):
    faces = store_of_faces(make_store, tmp_path / "faces", [1, 0])
    points = store_of_points(make_store, tmp_path / "landmarks", [0, 0])
    out = tmp_path / "out"
    assert write_heatmap_sheets(faces, points, out, SheetOptions("au", None, 9)) == (1, 2)
    assert sheets(out) == ["sheet-001.png"]


def test_another_action_unit_is_drawn_elsewhere(tiny, tmp_path):
    pages = []
    for unit in (4, 12):
        choice = SheetOptions("single_au", "Fear", 1, {"au": unit})
        write_heatmap_sheets(tiny.faces, tiny.landmarks, tmp_path, choice)
        pages.append(imread(tmp_path / "sheet-001.png")[104:328, 484:708])
    assert not np.array_equal(*pages)


@pytest.mark.parametrize("kind", HEATMAPS)
def test_the_command_draws_every_kind_as_params_say(tiny, tmp_path, checkout, kind):
    stores = map(str, (tiny.faces, tiny.landmarks, tmp_path / "out"))
    params = ["--params", str(checkout / "params.yaml"), "-n", "1"]
    found = CliRunner().invoke(main, ["view", "heatmaps", *stores, "--kind", kind, *params])
    assert found.exit_code == 0, found.output


def test_the_command_takes_the_action_unit_from_params(tiny, tmp_path, checkout):
    text = (
        (checkout / "params.yaml").read_text().replace("single_au: {au: 12}", "single_au: {au: 99}")
    )
    (tmp_path / "mine.yaml").write_text(text)
    stores = map(str, (tiny.faces, tiny.landmarks, tmp_path / "out"))
    command = ["view", "heatmaps", *stores, "--kind", "single_au"]
    found = CliRunner().invoke(main, [*command, "--params", str(tmp_path / "mine.yaml")])
    assert isinstance(found.exception, UsageError)
    assert "99" in str(found.exception)


@pytest.mark.parametrize("count", [14, 24, 131])
def test_rows_are_spread_over_expressions_that_take_turns_in_the_table(count):
    chosen = choose_rows(CYCLE, SheetOptions("au", None, count), BASIC7)
    assert len(set(chosen.tolist())) == count
    shown = [CYCLE[row] for row in chosen]
    assert all(abs(shown.count(name) - count / 7) < 1 for name in EXPRESSIONS)


def test_rows_of_one_expression_reach_from_the_first_to_the_last():
    chosen = choose_rows(CYCLE, SheetOptions("au", "happiness", 3), BASIC7)
    assert chosen.tolist() == [1, 449, 904]
    assert choose_rows(CYCLE, SheetOptions("au", "Happy", 3), BASIC7).tolist() == [1, 449, 904]


def test_an_unknown_kind_names_the_known(tiny, tmp_path):
    with pytest.raises(UsageError, match=r"no heatmap kind 'aus'; known: au, .*single_au"):
        write_heatmap_sheets(tiny.faces, tiny.landmarks, tmp_path, SheetOptions("aus", None, 1))


def test_an_unknown_expression_names_the_known(tiny, tmp_path):
    with pytest.raises(UsageError, match=r"no class 'hapiness'.*Did you mean 'happiness'"):
        write_heatmap_sheets(
            tiny.faces, tiny.landmarks, tmp_path, SheetOptions("au", "Hapiness", 1)
        )


def test_an_expression_that_nobody_shows_is_an_input_that_is_not_there(make_store, tmp_path):
    faces = store_of_faces(make_store, tmp_path / "faces", [1])
    points = store_of_points(make_store, tmp_path / "landmarks", [1])
    with pytest.raises(NoInputError, match="no face of expression Anger"):
        write_heatmap_sheets(faces, points, tmp_path / "out", SheetOptions("au", "Anger", 1))


def test_landmarks_of_other_faces_are_refused(make_store, tmp_path):
    faces = store_of_faces(make_store, tmp_path / "faces", [1])
    points = store_of_points(make_store, tmp_path / "landmarks", [1], "other-{}")
    with pytest.raises(UsageError, match="was not made from"):
        write_heatmap_sheets(faces, points, tmp_path / "out", SheetOptions("au", None, 1))


def test_faces_in_the_place_of_landmarks_are_refused(make_store, tmp_path):
    faces = store_of_faces(make_store, tmp_path / "faces", [1])
    with pytest.raises(NoInputError, match="is no store of landmarks"):
        write_heatmap_sheets(faces, faces, tmp_path / "out", SheetOptions("au", None, 1))


def test_names_that_the_font_lacks_or_that_look_like_formulas_are_written(make_store, tmp_path):
    table = [{"id": "表情$a$\n.jpg" + "x" * 80, "expression": "Fear", "status": "ok"}]
    images = {"image": np.zeros((1, 8, 8, 3), np.uint8), "valid": np.ones(1, np.uint8)}
    faces = make_store(tmp_path / "faces", images, {"dataset": "表$", "notice": "$_$"}, table)
    zeros = {"points": np.zeros((1, 68, 2), np.int16), "valid": np.ones(1, np.uint8)}
    points = make_store(tmp_path / "landmarks", zeros, {"size_px": 8}, table)
    assert write_heatmap_sheets(faces, points, tmp_path / "out", SheetOptions("au", None, 1)) == (
        1,
        1,
    )


def test_the_command_says_what_it_wrote(tiny, tmp_path):
    command = ["view", "heatmaps", *map(str, (tiny.faces, tiny.landmarks, tmp_path / "out"))]
    found = CliRunner().invoke(main, [*command, "--expression", "Fear", "-n", "2"])
    assert found.exit_code == 0
    assert "sheet-001.png, 2 faces" in found.output


def test_no_faces_at_all_cannot_be_asked_for(tiny, tmp_path):
    found = CliRunner().invoke(main, ["view", "heatmaps", "a", "b", "c", "-n", "0"])
    assert found.exit_code == 2
    assert "x>=1" in found.output
