"""Names, tables and links by chance: never a crash, never a path that leaves the folder.

A few thousand inputs here; a million names and 100,000 tables with AULENS_TORTURE=full, which
`make torture` sets.
"""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import DataError
from pipeline.datasets.csv_table import read_csv
from pipeline.faces.decode import UndecodableError, read_picture
from pipeline.paths import safe_path
from tests.basic7 import BASIC7
from tests.crashing import FULL, SEED

pytestmark = pytest.mark.slow
INPUTS = 1_000_000 if FULL else 3_000
PIECES = (
    *("..", ".", "/", "//", "\\", "a", "~", "C:", "é", "e\u0301", " ", "", "\n", "\0", "\x1b[2J"),
    *(
        "\u202e",
        "\u2028",
        "\udcff",
        "x" * 300,
        "%2e%2e",
        "$HOME",
        "-",
        ":",
        "CON",
        "😀",
        "etc/passwd",
    ),
)
TOKENS = (
    *(",", ",,,", '"', '""', "\n", "\r", "\r\n", "\0", "\t", ";", "\ufeff", "../", "/etc/passwd"),
    *(
        "fear",
        "Fear ",
        "7",
        "-1",
        "1e309",
        "nan",
        "inf",
        "1,5",
        "train",
        "file,expression",
    ),
    *("1 2 3 4", "1 2 3", "'", "=cmd()", "é", "\\"),
)
TABLE = "file,expression,split,box\na.jpg,fear,train,1 2 3 4\nb/c.png,anger,test,\n"


def mutated(rng, text):
    """Return the text as bytes, after a few careless edits."""
    for _ in range(rng.randrange(5)):
        start = rng.randrange(len(text) + 1)
        stop = start + rng.choice((0, 0, 1, 3, 20))
        token = rng.choice(TOKENS) if rng.random() < 0.9 else chr(rng.randrange(0xD800))
        text = text[:start] + token + text[stop:]
    payload = text.encode()
    if rng.random() < 0.1:
        place = rng.randrange(len(payload) + 1)
        payload = payload[:place] + bytes([rng.randrange(256)]) + payload[place:]
    return payload


def test_no_name_by_chance_leaves_the_folder():
    rng, root, kept = random.Random(SEED), Path("/data/set"), 0
    for _ in range(INPUTS):
        name = "".join(rng.choices(PIECES, k=rng.randrange(1, 6)))
        try:
            path = safe_path(root, name, "labels.csv, line 2")
        except DataError:
            continue
        kept += 1
        assert os.path.normpath(path).startswith("/data/set/"), ascii(name)
    assert INPUTS / 20 < kept < INPUTS


def test_no_label_file_by_chance_crashes_the_reader(tmp_path):
    rng, table, kept = random.Random(SEED), tmp_path / "labels.csv", 0
    for _ in range(INPUTS // 10):
        payload = mutated(rng, TABLE)
        table.write_bytes(payload)
        try:
            samples = list(read_csv(tmp_path, {}, BASIC7))
        except DataError:
            continue
        kept += 1
        for sample in samples:
            assert os.path.normpath(tmp_path / sample.path).startswith(f"{tmp_path}/"), payload
    assert INPUTS / 200 < kept < INPUTS / 10


PLACES = st.sampled_from(["a", "b", "deep", "deep/c", "deep/round", "gone"])
TARGETS = st.sampled_from(
    ["..", "../..", "/etc", "a", ".", "deep", "../outside", "round", "/dev/zero"]
)


@given(links=st.lists(st.tuples(PLACES, TARGETS), max_size=5), name=st.lists(PLACES).map("/".join))
def test_no_link_leads_out_of_the_folder(tmp_path_factory, links, name):
    top = tmp_path_factory.mktemp("links").resolve()
    root = top / "root"
    (root / "deep").mkdir(parents=True)
    (top / "outside").write_bytes(b"secret")
    (root / "inside").write_bytes(b"fine")
    for place, target in links:
        if not os.path.lexists(root / place) and (root / place).parent.is_dir():
            (root / place).symlink_to(target)
    for wanted in (name, f"{name}/outside", f"{name}/passwd", f"{name}/inside"):
        assert content(root, wanted) in (b"", b"fine")


def content(root, name):
    try:
        return read_picture(root, name, follow_links=False)
    except (DataError, UndecodableError):
        return b""
