"""Stage `index`: what a dataset holds, as one table; every later stage keeps its rows."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import DataError, NoInputError, OutputExistsError, UsageError
from pipeline.index import IndexParams, index, read_index, with_splits
from store.records import Sample

PARAMS = IndexParams(reader="csv", options={}, seed=0, val=0.1, test=0.2)
THIRDS = IndexParams(reader="csv", options={}, seed=0, val=0.3, test=0.3)


def sample(number, expression=0, person=None, split=None):
    return Sample(f"{number}.jpg", f"{number}.jpg", expression, split, person)


SAMPLES = st.lists(
    st.builds(
        sample,
        st.integers(0, 9999),
        st.integers(0, 6),
        st.none() | st.sampled_from([f"p{number}" for number in range(12)]),
    ),
    max_size=60,
    unique_by=lambda one: one.id,
)


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


@given(samples=SAMPLES)
def test_no_person_is_in_two_splits(samples):
    pairs = {(one.person, one.split) for one in with_splits(samples, THIRDS) if one.person}
    assert len(pairs) == len({person for person, _ in pairs})


@given(samples=SAMPLES)
def test_every_sample_gets_one_split_and_nothing_else_changes(samples):
    found = with_splits(samples, THIRDS)
    assert [(one.id, one.expression, one.person) for one in found] == [
        (one.id, one.expression, one.person) for one in samples
    ]
    assert {one.split for one in found} <= {"train", "val", "test"}


@given(samples=SAMPLES, rng=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(samples, rng):
    shuffled = rng.sample(samples, len(samples))
    splits = {one.id: one.split for one in with_splits(samples, THIRDS)}
    assert {one.id: one.split for one in with_splits(shuffled, THIRDS)} == splits


@given(samples=SAMPLES, split=st.sampled_from(["train", "val", "test"]))
def test_splits_of_the_dataset_are_kept(samples, split):
    given_splits = [sample(-1, split="val"), *(sample(one.id, split=split) for one in samples)]
    assert with_splits(given_splits, THIRDS) == given_splits


def test_splits_are_stratified():
    samples = [sample(number, number % 7) for number in range(700)]
    counts = Counter((one.split, one.expression) for one in with_splits(samples, PARAMS))
    assert {counts["val", expression] for expression in range(7)} == {10}
    assert {counts["test", expression] for expression in range(7)} == {20}
    assert {counts["train", expression] for expression in range(7)} == {70}


def test_another_seed_draws_others():
    samples = [sample(number) for number in range(100)]
    other = PARAMS.model_copy(update={"seed": 1})
    assert with_splits(samples, PARAMS) != with_splits(samples, other)


def test_a_sample_more_moves_few_others():
    samples = [sample(number) for number in range(100)]
    before = with_splits(samples, PARAMS)
    after = with_splits([*samples, sample(100)], PARAMS)[:-1]
    assert sum(was != now for was, now in zip(before, after, strict=True)) <= 3


def test_validation_is_taken_out_of_train_when_only_train_and_test_are_given():
    training = [sample(number, split="train") for number in range(100)]
    testing = [sample(100 + number, split="test") for number in range(50)]
    found = with_splits([*training, *testing], PARAMS)
    assert Counter(one.split for one in found) == {"train": 90, "val": 10, "test": 50}
    assert found[100:] == testing


def test_validation_taken_out_of_train_shares_no_person_with_it():
    training = [sample(number, split="train", person=f"p{number // 4}") for number in range(80)]
    found = with_splits([*training, sample(99, split="test")], PARAMS)
    persons = {
        split: {one.person for one in found if one.split == split} for split in ("train", "val")
    }
    assert len(persons["val"]) == 2
    assert persons["train"].isdisjoint(persons["val"])


def test_a_share_of_nothing_takes_nothing():
    none = PARAMS.model_copy(update={"val": 0.0, "test": 0.0})
    assert {one.split for one in with_splits([sample(n) for n in range(50)], none)} == {"train"}


def test_half_named_splits_are_refused():
    with pytest.raises(DataError, match="some rows name a split and some do not"):
        with_splits([sample(0, split="train"), sample(1)], PARAMS)


def test_the_table_keeps_every_row_in_order(raw, tmp_path):
    counts = index(raw, tmp_path / "mine", PARAMS, quiet)
    rows, _ = read_index(tmp_path / "mine")
    assert rows[0] == {
        "id": "a.jpg",
        "path": "a.jpg",
        "expression": "Fear",
        "split": "train",
        "person": "p1",
        "box": "1 2 3 4.5",
        "landmarks": "",
        "digest": "ba7816bf8f01cfea414140de5dae2223",
        "age": "31",
    }
    assert [row["id"] for row in rows] == ["a.jpg", "gone.jpg", "b.jpg"]
    assert counts["train"]["Fear"] == counts["test"]["Anger"] == counts["val"]["Happiness"] == 1


def test_a_missing_picture_keeps_its_row_without_a_digest(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    (_, gone, _), _ = read_index(tmp_path / "mine")
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
    assert read_index(tmp_path / "mine")[1]["about"] == {
        "dataset": "mine",
        "reader": "csv",
        "root": str(raw),
        "notice": "Synthetic – one person.",
    }


def test_without_a_notice_there_is_none(raw, tmp_path):
    index(raw, tmp_path / "mine", PARAMS, quiet)
    assert read_index(tmp_path / "mine")[1]["about"]["notice"] is None


@pytest.mark.parametrize("column", ["", "id", "digest", "notes"])
def test_a_further_column_of_any_name_is_no_trouble(raw, tmp_path, column):
    (raw / "labels.csv").write_text(f"{column},file,expression\n0,a.jpg,fear\n")
    index(raw, tmp_path / "mine", PARAMS, quiet)
    (row,), _ = read_index(tmp_path / "mine")
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
    assert read_index(tmp_path / "mine")[0][0]["expression"] == "Fear"


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
    with pytest.raises(UsageError, match=r"known: csv, demo, folder.*Did you mean 'csv'"):
        index(raw, tmp_path / "mine", params, quiet)


def test_a_linked_dataset_is_read(raw, tmp_path):
    (tmp_path / "linked").symlink_to(raw)
    index(tmp_path / "linked", tmp_path / "mine", PARAMS, quiet)
    assert len(read_index(tmp_path / "mine")[0]) == 3


def test_an_output_of_another_stage_is_no_index(make_store, template_face, tmp_path):
    store = make_store(tmp_path / "faces", {"points": template_face[None]})
    with pytest.raises(NoInputError, match="no index"):
        read_index(store)


def test_progress_ends_with_everything(raw, tmp_path):
    told = []
    index(raw, tmp_path / "mine", PARAMS, lambda *state: told.append(state))
    assert told[-1] == (3, 3, "")
