"""What is wrong with a dataset as a whole: copies, leaks, contradictions, strays."""

import json
import unicodedata

import cv2
import numpy as np
import pytest
from PIL import Image

from errors import DataError
from pipeline.faces.decode import PictureLimits
from pipeline.index import index, read_index
from pipeline.indexing.audit import PictureCheck, look_alikes, refuse_twin_names, same_content
from store.records import Sample, Status
from store.tables import write_table
from tests.indexing import index_params

REPORT = index_params(look_alikes="report")


def scene(seed, px=96):
    """A smooth made-up picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    return Image.fromarray(cv2.resize(coarse, (px, px), interpolation=cv2.INTER_CUBIC))


def found_in(folder, rows, params=REPORT):
    """Index pictures given as (name, expression, split, person); return the findings."""
    columns = ("file", "expression", "split", "person")
    table = [dict(zip(columns, row, strict=True)) for row in rows]
    write_table(folder / "labels.csv", columns, table)
    index(folder, folder.parent / "index", params, lambda *state: None)
    return json.loads((folder.parent / "index" / "audit.json").read_bytes())["found"]


def lines(tmp_path):
    return "\n".join(json.loads((tmp_path / "index" / "audit.json").read_bytes())["lines"])


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for number in range(4):
        scene(number).save(folder / f"{number}.png")
    (folder / "copy.png").write_bytes((folder / "0.png").read_bytes())
    scene(1, 48).save(folder / "like.jpg")
    return folder


CLEAN = [("0.png", "fear", "train", "a"), ("1.png", "anger", "test", "b")]


def test_a_clean_dataset_has_no_findings(raw, tmp_path):
    for name in ("copy.png", "like.jpg", "2.png", "3.png"):
        (raw / name).unlink()
    found = found_in(raw, CLEAN)
    assert {name: finding.get("sets", 0) for name, finding in found.items()} == dict.fromkeys(
        found, 0
    )
    assert found["unnamed"] == {"pictures": 0, "first": []}
    assert lines(tmp_path) == ""


def test_copies_within_a_split_are_reported_and_allowed(raw, tmp_path):
    rows = [("0.png", "fear", "train", "a"), ("copy.png", "fear", "train", "a")]
    assert found_in(raw, rows)["same_content"] == {
        "sets": 1,
        "pictures": 2,
        "across_splits": 0,
        "first": [[["0.png", "train"], ["copy.png", "train"]]],
    }
    assert "the same content: sets 1, pictures 2, across splits 0, such as '0.png'" in lines(
        tmp_path
    )


def test_copies_across_splits_stop_the_run(raw, tmp_path):
    rows = [*CLEAN, ("copy.png", "fear", "test", "c")]
    with pytest.raises(DataError, match=r"same content") as caught:
        found_in(raw, rows)
    assert caught.value.exit_code == 65
    assert "'0.png' (train) = 'copy.png' (test)" in str(caught.value)
    assert "index.index.allow_leak: true" in str(caught.value)
    assert not (tmp_path / "index").exists()


def test_a_person_across_splits_stops_the_run(raw):
    with pytest.raises(DataError, match=r"same person in 1 sets, such as '0\.png' \(train\) = '2"):
        found_in(raw, [*CLEAN, ("2.png", "fear", "test", "a")])


def test_leaks_that_are_allowed_are_counted(raw):
    rows = [*CLEAN, ("copy.png", "fear", "test", "a")]
    found = found_in(raw, rows, index_params(allow_leak=True))
    assert found["same_content"]["across_splits"] == 1
    assert found["same_person"]["across_splits"] == 1


def test_one_picture_with_two_labels_is_a_contradiction(raw):
    rows = [("0.png", "fear", "train", "a"), ("copy.png", "anger", "train", "a")]
    found = found_in(raw, rows)
    assert found["contradicting_labels"]["sets"] == 1
    assert found["same_content"]["sets"] == 1


def test_look_alikes_across_splits_are_reported(raw):
    rows = [*CLEAN, ("like.jpg", "anger", "train", "c")]
    found = found_in(raw, rows)
    assert found["look_alike"]["across_splits"] == 1
    assert found["look_alike"]["first"] == [[["1.png", "test"], ["like.jpg", "train"]]]
    assert found["same_content"]["sets"] == 0


def test_look_alikes_across_splits_stop_the_run_where_they_are_refused(raw):
    rows = [*CLEAN, ("like.jpg", "anger", "train", "c")]
    with pytest.raises(DataError, match="look-alikes in 1 sets"):
        found_in(raw, rows, index_params(look_alikes="refuse"))


def test_look_alikes_that_are_ignored_are_not_looked_for(raw, monkeypatch):
    monkeypatch.setattr("pipeline.indexing.audit.glance", lambda *given: pytest.fail("was decoded"))
    rows = [*CLEAN, ("like.jpg", "anger", "train", "c")]
    assert found_in(raw, rows, index_params(look_alikes="ignore"))["look_alike"]["sets"] == 0


@pytest.mark.parametrize("policy", ["report", "refuse"])
def test_splits_of_ours_keep_copies_together(tmp_path, policy):
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = []
    for number in range(30):
        scene(number).save(raw / f"{number}a.png")
        (raw / f"{number}b.png").write_bytes((raw / f"{number}a.png").read_bytes())
        scene(number, 48).save(raw / f"{number}c.jpg")
        rows += [(f"{number}{name}", "fear", "", "") for name in ("a.png", "b.png", "c.jpg")]
    found = found_in(raw, rows, index_params(val=0.3, test=0.3, look_alikes=policy))
    table, _ = read_index(tmp_path / "index")
    assert set(table["split"]) == {"train", "val", "test"}
    assert (found["same_content"]["sets"], found["same_content"]["across_splits"]) == (30, 0)
    assert found["look_alike"]["sets"] == 30
    assert (found["look_alike"]["across_splits"] == 0) == (policy == "refuse")


def test_missing_and_broken_pictures_are_counted_by_their_status(raw, tmp_path):
    (raw / "3.png").write_bytes((raw / "3.png").read_bytes()[:200])
    (raw / "empty.png").touch()
    rows = [(name, "fear", "train", "a") for name in ("0.png", "3.png", "gone.png", "empty.png")]
    assert found_in(raw, rows)["unusable"] == {
        "pictures": 3,
        "statuses": {"empty": 1, "missing": 1, "truncated": 1},
        "first": ["3.png", "gone.png", "empty.png"],
    }
    assert "unusable: 3 (empty 1, missing 1, truncated 1), such as '3.png'" in lines(tmp_path)


def test_a_picture_that_is_too_large_to_be_compared_is_not_called_unusable(raw, tmp_path):
    for name in ("copy.png", "like.jpg", "2.png", "3.png"):
        (raw / name).unlink()
    Image.new("L", (8000, 6300)).save(raw / "1.png", compress_level=1)
    found = found_in(raw, CLEAN)
    assert found["unusable"]["pictures"] == 0
    assert found["too_large"] == {"pictures": 1, "first": ["1.png"]}
    assert "too large to be compared with others: 1, such as '1.png'" in lines(tmp_path)


def test_pictures_that_no_label_names_are_counted(raw):
    (raw / "deep").mkdir()
    scene(9).save(raw / "deep" / "a.PNG")
    (raw / "deep" / "notes.txt").touch()
    (raw / "deep" / "round").symlink_to(raw)
    for name in ("copy.png", "like.jpg", "2.png", "3.png"):
        (raw / name).unlink()
    assert found_in(raw, CLEAN)["unnamed"] == {"pictures": 1, "first": ["deep/a.PNG"]}


def test_names_that_differ_in_the_encoding_of_an_accent_are_refused(tmp_path):
    names = [unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD")]
    with pytest.raises(DataError, match=r"'\\xe9\.png' and 'e\\u0301\.png'"):
        refuse_twin_names(tmp_path, [Sample(name, name, 0) for name in names])


def test_unreadable_pictures_are_no_copies_of_each_other():
    looks = [PictureCheck(Status.MISSING), PictureCheck(Status.MISSING), PictureCheck(Status.EMPTY)]
    assert same_content(looks) == []
    assert look_alikes(looks, 4) == []


def test_look_alikes_are_linked_through_others_and_copies_count_once():
    looks = [
        PictureCheck(Status.OK, "a", 0b1),
        PictureCheck(Status.OK, "a", 0b1),
        PictureCheck(Status.OK, "b", 0b111),
        PictureCheck(Status.OK, "c", 0b11111),
        PictureCheck(Status.OK, "d", 0b1),
        PictureCheck(Status.OK, "e", 0xFF << 40),
    ]
    assert look_alikes(looks, 2) == [[0, 2, 3, 4]]


def test_long_findings_are_cut_but_counted(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    payload = b"not a picture, and all the same"
    rows = [(f"{number:02}.png", "fear", "train", "") for number in range(40)]
    for name, *_ in rows:
        (raw / name).write_bytes(payload)
    found = found_in(raw, rows)
    assert found["same_content"]["pictures"] == 40
    assert len(found["same_content"]["first"][0]) == 3
    assert len(found["unusable"]["first"]) == 10


def test_two_faces_of_one_picture_are_no_copies_and_may_differ(raw):
    write_table(
        raw / "labels.csv",
        ("file", "expression", "box"),
        [
            {"file": "0.png", "expression": "fear", "box": "1 2 30 30"},
            {"file": "0.png", "expression": "anger", "box": "50 2 30 30"},
        ],
    )
    index(raw, raw.parent / "index", REPORT, lambda *state: None)
    table, _ = read_index(raw.parent / "index")
    assert table["id"].to_list() == ["0.png#1,2,30,30", "0.png#50,2,30,30"]
    found = json.loads((raw.parent / "index" / "audit.json").read_bytes())["found"]
    assert found["same_content"]["sets"] == found["contradicting_labels"]["sets"] == 0


def test_a_picture_too_large_to_compare_is_not_refused(raw, monkeypatch):
    limits = PictureLimits(max_pixels=100, min_side_px=1)
    monkeypatch.setattr("pipeline.indexing.audit._COMPARE_LIMITS", limits)
    assert found_in(raw, CLEAN)["unusable"]["pictures"] == 0


def test_litter_and_unknown_endings_are_counted_and_listed(raw, tmp_path):
    (raw / "@eaDir").mkdir()
    (raw / "phone.heic").write_bytes(b"\x00\x00\x00\x18ftypheic")
    found = found_in(raw, CLEAN)
    assert found["litter"]["kinds"] == {"@eaDir": 1}
    assert found["not_read"]["kinds"] == {"HEIC, convert it to JPEG or PNG": 1}
    assert "files that are not read: 1, such as 'phone.heic'" in lines(tmp_path)
    left_out = (tmp_path / "index" / "left_out.csv").read_text()
    assert "\n@eaDir,litter @eaDir,\n" in left_out
    assert '\nphone.heic,"HEIC, convert it to JPEG or PNG",\n' in left_out
