"""What a reader found, taken and left out, beside what was published."""

from contracts.surveys import DatasetSummary
from pipeline.datasets.reader import LeftOut
from pipeline.indexing.dataset_summary import summarize_dataset, summary_lines
from pipeline.indexing.reader_detection import ReaderChoice
from store.records import Sample

FOUND = [
    Sample("a", "a", 0, "train"),
    Sample("b", "b", 1, "val"),
    LeftOut("c", "contempt", "train"),
    LeftOut("d", "contempt", "train"),
    LeftOut("e", "no face", "val"),
]


def test_everything_that_is_listed_is_counted():
    assert summarize_dataset(FOUND, ReaderChoice("affectnet_npy", "train_set")) == DatasetSummary(
        reader="affectnet_npy",
        saw="train_set",
        listed={"train": 3, "val": 2},
        published={"train": 287_651, "val": 3_999},
        left_out={"contempt": {"train": 2}, "no face": {"val": 1}},
        note="",
    )


def test_it_is_told_in_lines():
    assert summary_lines(
        summarize_dataset(FOUND, ReaderChoice("affectnet_npy", "train_set"))
    ).splitlines() == [
        "reader affectnet_npy, for it has train_set",
        "listed train: 3 (published: 287,651)",
        "listed val: 2 (published: 3,999)",
        "left out, contempt: train 2",
        "left out, no face: val 1",
    ]


def test_counts_as_published_are_said_to_be():
    found = [Sample(str(number), "a", 0, "test") for number in range(3_068)]
    lines = summary_lines(summarize_dataset(found, ReaderChoice("raf_db"))).splitlines()
    assert lines == [
        "reader raf_db",
        "listed test: 3,068, as published",
        "listed train: none (published: 12,271)",
    ]


def test_pictures_without_a_split_are_counted_together():
    counted = summarize_dataset(
        [Sample("a", "a", 0), LeftOut("b", "contempt")], ReaderChoice("open_expressions")
    )
    assert counted.listed == {"all": 2}
    assert "listed all: 2 (published: 13,690)" in summary_lines(counted)


def test_what_users_should_know_is_told():
    assert "note: MMA very probably embeds FER2013" in summary_lines(
        summarize_dataset([], ReaderChoice("mma"))
    )
