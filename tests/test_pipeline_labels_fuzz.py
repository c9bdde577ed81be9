"""Label files full of nonsense: an error that says so or samples inside the folder, never a crash.

Sixty inputs a file here; 3,000 each with AULENS_TORTURE=full.
"""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import ProjectError
from pipeline.datasets import DATASETS
from pipeline.unpack import unpack
from tests.basic7 import BASIC7
from tests.miniatures import (
    FER_FOLDERS,
    MINIATURES,
    fer_pixels,
    fer_votes,
    ferplus_labels,
    npy,
    put,
    sfew_table,
)

FULL = os.environ.get("AULENS_TORTURE") == "full"
LABEL_FILES = {
    "csv": ("csv", MINIATURES["csv"], "labels.csv"),
    "demo": ("demo", MINIATURES["demo"], "labels.csv"),
    "raf_db": ("raf_db", MINIATURES["raf_db"], "EmoLabel/list_patition_label.txt"),
    "raf_db manual": (
        "raf_db",
        MINIATURES["raf_db"],
        "Annotation/manual/train_00001_manu_attri.txt",
    ),
    "raf_db box": (
        "raf_db",
        MINIATURES["raf_db"],
        "Annotation/boundingbox/train_00001_boundingbox.txt",
    ),
    "affectnet_npy label": (
        "affectnet_npy",
        MINIATURES["affectnet_npy"],
        "train_set/annotations/0_exp.npy",
    ),
    "affectnet_npy landmarks": (
        "affectnet_npy",
        MINIATURES["affectnet_npy"],
        "val_set/annotations/3_lnd.npy",
    ),
    "affectnet_csv": (
        "affectnet_csv",
        MINIATURES["affectnet_csv"],
        "Manually_Annotated_file_lists/training.csv",
    ),
    "ferplus": ("ferplus", MINIATURES["ferplus"], "fer2013new.csv"),
    "ferplus labels": ("ferplus", ferplus_labels, f"{FER_FOLDERS['Training']}/label.csv"),
    "sfew": ("sfew", sfew_table, "sfew_2.0_labels.csv"),
    "open_expressions": ("open_expressions", MINIATURES["open_expressions"], "data/legend.csv"),
}
NASTY = st.sampled_from(
    [
        *(
            b"../../etc/passwd",
            b"/etc/passwd",
            b"C:\\x.jpg",
            b"..",
            b".",
            b"",
            b"\x00",
            b"\xff\xfe",
        ),
        *(b'"', b",", b"\n", b"\r", b"\xef\xbb\xbf", b"1e309", b"nan", b"-1", b"9" * 5000, b"\t"),
        *(b"a" * 140_000, "٣".encode(), b"\x1b[2J", b"train_", b"11", b";", b" "),
    ]
)


@st.composite
def damaged(draw, payload):
    """A label file of which some pieces are replaced, or bytes that were never one."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(payload)))
        end = min(len(payload), start + draw(st.integers(0, 12)))
        payload = payload[:start] + draw(st.one_of(NASTY, st.binary(max_size=8))) + payload[end:]
    return payload


def outcome(work):
    """Return what some work gives, or nothing and the error's message."""
    try:
        return work(), ""
    except ProjectError as error:
        return None, str(error)


def fuzzed(check, payload):
    """Run a check on many damaged copies of some bytes."""
    many = settings(
        max_examples=3_000 if FULL else 60,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    many(given(damaged(payload))(check))()


@pytest.mark.parametrize("name", LABEL_FILES)
def test_nonsense_in_a_label_file_is_an_error_or_stays_inside(tmp_path, name):
    reader, make, label_file = LABEL_FILES[name]
    root = make(tmp_path)

    def check(payload):
        (root / label_file).write_bytes(payload)
        found, message = outcome(lambda: list(DATASETS[reader].read(root, {}, BASIC7)))
        assert message.isprintable()
        paths = [one.path for one in found or ()]
        assert all((root / path).resolve().is_relative_to(root.resolve()) for path in paths)

    fuzzed(check, (root / label_file).read_bytes())


@pytest.mark.parametrize("table", ["fer2013.csv", "fer2013new.csv"])
def test_nonsense_in_a_table_of_pixels_is_an_error_or_stays_inside(tmp_path, table):
    raw = fer_votes(fer_pixels(tmp_path / "raw"))

    def check(payload):
        (raw / table).write_bytes(payload)
        with tempfile.TemporaryDirectory(dir=tmp_path) as around:
            out = Path(around) / "below" / "out"
            _, message = outcome(lambda: unpack(raw, out, lambda *state: None))
            assert message.isprintable()
            assert [path.name for path in Path(around).iterdir()] in ([], ["below"])

    fuzzed(check, (raw / table).read_bytes())


def test_an_array_that_claims_to_be_huge_is_refused(tmp_path):
    root = MINIATURES["affectnet_npy"](tmp_path)
    claim = npy([1]).replace(b"(1,)", b"(9000000000000,)", 1)
    put(root, "train_set/annotations/0_exp.npy", text=claim)
    with pytest.raises(ProjectError, match="0_exp"):
        list(DATASETS["affectnet_npy"].read(root, {}, BASIC7))
