"""Stage `index`: what a dataset holds, as one table; every later stage keeps its rows."""

import json

import pytest

from contracts.files import read_contract
from contracts.surveys import Audit
from errors import DataError, NoInputError, OutputExistsError, UsageError
from pipeline.index import index, read_index, summary
from tests.basic7 import BASIC7
from tests.indexing import index_params
from tests.miniatures import open_expressions

PARAMS = index_params(val=0.1, test=0.2)


def quiet(done, total, note):
    pass


@pytest.fixture
def raw(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.jpg").write_bytes(b"abc")
    (tmp_path / "raw" / "b.jpg").write_bytes(b"not looked at")
    (tmp_path / "raw" / "labels.csv").write_text(
        "file,expression,split,person,box,age\n"
        "a.jpg,fear,train,p1,1 2 3 4.5,31\n"
        "gone.jpg,anger,test,,,\n"
        "b.jpg,happy,val,p2,,7\n"
    )
    return tmp_path / "raw"


def test_the_table_keeps_every_row_in_order(raw, tmp_path):
    counts = index(raw, tmp_path / "mine", PARAMS, quiet).counts
    rows = read_index(tmp_path / "mine")[0].rows(named=True)
    assert rows[0] == {
        "id": "a.jpg",
        "path": "a.jpg",
        "expression": "Fear",
        "split": "train",
        "fold": "",
        "person": "p1",
        "box": "1 2 3 4.5",
        "landmarks": "",
        "aus": "",
        "shares": "",
        "digest": "ba7816bf8f01cfea414140de5dae2223",
        "age": "31",
    }
    assert [row["id"] for row in rows] == ["a.jpg", "gone.jpg", "b.jpg"]
    assert counts["train"]["Fear"] == counts["test"]["Anger"] == counts["val"]["Happiness"] == 1


@pytest.mark.parametrize(
    ("unit", "why"),
    [("39", "no action unit '39'; known: "), ("{au: 26, side: left}", "cannot be drawn on side")],
)
def test_a_label_set_that_cannot_be_drawn_is_refused_by_class(raw, tmp_path, unit, why):
    file = tmp_path / "odd.yaml"
    file.write_text(
        "classes:\n"
        "  - {name: Fear, abbreviation: f, colour: '#000000', synonyms: [happy]}\n"
        f"  - {{name: Anger, abbreviation: a, colour: '#000000', aus: [12, {unit}]}}\n"
    )
    with pytest.raises(UsageError, match=f"label set odd, class Anger: .*{why}"):
        index(raw, tmp_path / "mine", PARAMS.model_copy(update={"labels": str(file)}), quiet)
    assert not (tmp_path / "mine").exists()


def test_a_missing_picture_keeps_its_row_without_a_digest(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    _, gone, _ = read_index(tmp_path / "mine")[0].rows(named=True)
    assert gone["path"] == "gone.jpg"
    assert gone["digest"] == ""


def test_the_audit_counts_samples_and_persons(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    audit = json.loads((tmp_path / "mine" / "audit.json").read_bytes())
    assert audit["persons"] == {"train": 1, "val": 1, "test": 0}
    assert audit["counts"]["train"]["Fear"] == 1
    assert audit["counts"]["train"]["Anger"] == 0


def test_name_folder_and_notice_are_carried(raw, tmp_path):
    (raw / "NOTICE.txt").write_text("Synthetic – one person.\n", encoding="utf-8")
    index(raw, tmp_path / "mine", PARAMS, quiet)
    assert read_index(tmp_path / "mine")[1]["metadata"] == {
        "dataset": "mine",
        "reader": "csv",
        "root": str(raw),
        "notice": "Synthetic – one person.",
        "follow_links": False,
        "labels": BASIC7.as_json(),
        "attributes": ["age"],
        "units": [],
    }


def test_without_a_notice_there_is_none(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    assert read_index(tmp_path / "mine")[1]["metadata"]["notice"] is None


@pytest.mark.parametrize("column", ["", "id", "digest", "notes"])
def test_a_further_column_of_any_name_is_no_trouble(raw, tmp_path, column):
    (raw / "labels.csv").write_text(f"{column},file,expression\n0,a.jpg,fear\n")
    index(raw, tmp_path / "mine", PARAMS, quiet)
    (row,) = read_index(tmp_path / "mine")[0].rows(named=True)
    assert row["id"] == "a.jpg"
    assert row["digest"] == "ba7816bf8f01cfea414140de5dae2223"
    header = (tmp_path / "mine" / "samples.csv").read_text().splitlines()[0].split(",")
    assert len(header) == len(set(header))


def test_a_second_run_changes_nothing(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    before = (tmp_path / "mine" / "MANIFEST.json").stat()
    index(raw, tmp_path / "mine", PARAMS, quiet)
    assert (tmp_path / "mine" / "MANIFEST.json").stat().st_ino == before.st_ino


def test_a_label_map_with_numbers_is_found_again(raw, tmp_path):
    (raw / "labels.csv").write_text("file,label\na.jpg,4\n")
    params = PARAMS.model_copy(update={"options": {"label_map": {4: "fear"}}})
    index(raw, tmp_path / "mine", params, quiet)
    index(raw, tmp_path / "mine", params, quiet)
    assert read_index(tmp_path / "mine")[0][0, "expression"] == "Fear"


def test_other_settings_do_not_overwrite(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    other = PARAMS.model_copy(update={"seed": 7})
    with pytest.raises(OutputExistsError, match=r"params\.seed: 0 -> 7"):
        index(raw, tmp_path / "mine", other, quiet)
    index(raw, tmp_path / "mine", other, quiet, rebuild=True)
    assert len(read_index(tmp_path / "mine")[0]) == 3


def test_a_changed_picture_makes_another_index(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    (raw / "a.jpg").write_bytes(b"abd")
    with pytest.raises(OutputExistsError, match="content"):
        index(raw, tmp_path / "mine", PARAMS, quiet)


def test_an_empty_dataset_is_refused(raw, tmp_path):
    (raw / "labels.csv").write_text("file,expression\n")
    with pytest.raises(NoInputError, match="no picture") as caught:
        index(raw, tmp_path / "mine", PARAMS, quiet)
    assert caught.value.exit_code == 66
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(NoInputError, match="ln -s"):
        index(tmp_path / "raw", tmp_path / "mine", PARAMS, quiet)


def test_an_unknown_reader_is_refused(raw, tmp_path):
    params = PARAMS.model_copy(update={"reader": "cvs"})
    with pytest.raises(UsageError, match=r"known: .*csv, demo, .*folder.*Did you mean 'csv'"):
        index(raw, tmp_path / "mine", params, quiet)


def test_a_linked_dataset_is_read(raw, tmp_path):
    (tmp_path / "linked").symlink_to(raw)
    index(tmp_path / "linked", tmp_path / "mine", PARAMS, quiet)
    assert len(read_index(tmp_path / "mine")[0]) == 3


def test_the_columns_of_the_dataset_are_recorded(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    assert read_index(tmp_path / "mine")[1]["metadata"]["attributes"] == ["age"]


def test_a_column_of_the_dataset_with_a_name_of_ours_is_kept_under_another(raw, tmp_path):
    labels = (raw / "labels.csv").read_text()
    (raw / "labels.csv").write_text(labels.replace("box,age", "box,status").replace(",31", ",lab"))
    index(raw, tmp_path / "mine", PARAMS, quiet)
    table, manifest = read_index(tmp_path / "mine")
    assert table["dataset_status"].to_list() == ["lab", "", "7"]
    assert "status" not in table.columns
    assert manifest["metadata"]["attributes"] == ["dataset_status"]


def test_an_output_of_another_stage_is_no_index(make_store, template_face, tmp_path):
    store = make_store(tmp_path / "faces", {"points": template_face[None]})
    with pytest.raises(NoInputError, match="no index"):
        read_index(store)


def test_progress_ends_with_everything(raw, tmp_path):
    told = []
    index(raw, tmp_path / "mine", PARAMS, lambda *state: told.append(state))
    assert told[-1] == (3, 3, "")


def test_a_reader_is_found_by_what_lies_there(raw, tmp_path):
    auto = PARAMS.model_copy(update={"reader": "auto"})
    audit = index(raw, tmp_path / "mine", auto, quiet)
    assert audit.summary.saw == "labels.csv"
    assert read_index(tmp_path / "mine")[1]["metadata"]["reader"] == "csv"


def test_what_is_left_out_is_counted_listed_and_told(tmp_path):
    raw = open_expressions(tmp_path / "raw")
    audit = index(raw, tmp_path / "mine", PARAMS.model_copy(update={"reader": "auto"}), quiet)
    assert audit == read_contract(Audit, tmp_path / "mine" / "audit.json", "")
    assert audit.summary.left_out["labels that differ"] == {"all": 2}
    assert "left out, contempt: all 1" in summary(audit)
    left_out = (tmp_path / "mine" / "left_out.csv").read_text().splitlines()
    assert left_out[0] == "path,reason,split"
    assert left_out[-1] == "images/C_Sure_0001.jpg,contempt,"
    assert len(left_out) == 5


def test_a_table_of_whose_pictures_none_is_there_is_refused_with_a_hint(raw, tmp_path):
    (raw / "images").mkdir()
    (raw / "images" / "c.jpg").touch()
    (raw / "labels.csv").write_text("file,expression\nc.jpg,fear\n")
    with pytest.raises(NoInputError, match=r"not one of the 1 pictures.*is 'images/c\.jpg'"):
        index(raw, tmp_path / "mine", PARAMS, quiet)


def test_a_folder_without_readable_pictures_says_what_is_there(tmp_path):
    (tmp_path / "raw/fear").mkdir(parents=True)
    (tmp_path / "raw/fear/phone.heic").write_bytes(b"\x00\x00\x00\x18ftypheic")
    params = PARAMS.model_copy(update={"reader": "folder"})
    with pytest.raises(NoInputError, match="1 HEIC, convert it to JPEG or PNG"):
        index(tmp_path / "raw", tmp_path / "mine", params, quiet)


def test_too_many_pictures_without_a_row_stop_a_csv_set(raw, tmp_path):
    (raw / "c.jpg").touch()
    few = PARAMS.model_copy(update={"max_unlabelled": 0.1})
    with pytest.raises(DataError, match=r"'c\.jpg': more than index\.mine\.max_unlabelled = 0\.1"):
        index(raw, tmp_path / "mine", few, quiet)
    index(raw, tmp_path / "mine", PARAMS, quiet)


def test_what_is_kept_lacking_or_may_be_meant_is_said(raw, tmp_path):
    (raw / "labels.csv").write_text("file,expression,set,age\na.jpg,fear,test,31\n")
    said = summary(index(raw, tmp_path / "mine", PARAMS, quiet))
    assert "note: columns kept as attributes, not otherwise used: set, age" in said
    assert "columns: {split: set}" in said
    assert "WARNING: All pictures show one expression, Fear: nothing to learn." in said
    assert "WARNING: The person is unknown for 1 of 1 pictures" in said


def test_links_out_of_the_folder_are_counted_with_the_key_that_allows_them(raw, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"secret")
    (raw / "a.jpg").unlink()
    (raw / "a.jpg").symlink_to(tmp_path / "elsewhere")
    lines = summary(index(raw, tmp_path / "mine", PARAMS, quiet)).splitlines()
    assert (
        "links out of the dataset's folder, not read: 1. "
        "If you made these links, set index.mine.follow_links: true." in lines
    )
    allowed = PARAMS.model_copy(update={"follow_links": True})
    assert "not read" not in summary(index(raw, tmp_path / "other" / "mine", allowed, quiet))


def test_a_folder_of_links_out_of_it_says_what_to_set(raw, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"secret")
    for name in ("a.jpg", "gone.jpg", "b.jpg"):
        (raw / name).unlink(missing_ok=True)
        (raw / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NoInputError, match="all 3 pictures lie behind links"):
        index(raw, tmp_path / "mine", PARAMS, quiet)


def test_a_dataset_that_dvc_linked_from_its_cache_is_read(raw, tmp_path):
    kept = tmp_path / ".dvc" / "cache" / "files" / "md5" / "ba" / ("7" * 30)
    kept.parent.mkdir(parents=True)
    (raw / "a.jpg").rename(kept)
    (raw / "a.jpg").symlink_to(kept)
    index(raw, tmp_path / "mine", PARAMS, quiet)
    assert read_index(tmp_path / "mine")[0].rows(named=True)[0]["digest"]


def test_folds_are_a_column_of_the_table_and_a_remark(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = [f"{person}{picture}.jpg,fear,{person}" for person in "pqr" for picture in (1, 2)]
    (raw / "labels.csv").write_text("\n".join(["file,expression,person", *rows]))
    for row in rows:
        (raw / row.split(",")[0]).write_bytes(row.encode())
    said = summary(index(raw, tmp_path / "mine", index_params(folds="persons"), quiet))
    assert "note: folds: 3 of 2 to 2 pictures, 3 persons, none in two" in said
    table, _ = read_index(tmp_path / "mine")
    assert table["fold"].to_list() == ["0", "0", "1", "1", "2", "2"]
