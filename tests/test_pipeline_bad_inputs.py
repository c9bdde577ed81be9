"""Whatever a folder holds: every kind has its status, and its neighbours come out unhurt."""

import multiprocessing

import pytest

from errors import DataError, NoPermissionError
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.backends import BACKENDS
from pipeline.faces.decode import UndecodableError
from pipeline.index import index, read_index
from store.records import Status
from tests.bad_inputs import FORK, KINDS, PNG, everywhere, faces_of, reported, rows_with_everywhere
from tests.indexing import index_params

pytestmark = pytest.mark.slow
MOST_S, MOST_BYTES = 2, 600_000_000  # of the processor: machines are shared


def silent(done, total, note):
    pass


@pytest.mark.parametrize("bad", KINDS)
def test_a_bad_picture_has_its_status_and_its_neighbours_are_unhurt(tmp_path, bad):
    ours, theirs = multiprocessing.Pipe()
    child = FORK.Process(target=reported, args=(theirs, tmp_path / "raw", bad))
    child.start()
    assert ours.poll(120), "hangs, or died"
    table, unhurt, took, peak = ours.recv()
    child.join()
    row = table[1]
    assert (row["path"], row["status"]) == ("bad.jpg", KINDS[bad].status)
    assert KINDS[bad].said in row["detail"]
    assert [table[0]["status"], table[2]["status"]] == ["ok", "ok"]
    assert unhurt
    assert took < MOST_S
    assert peak < MOST_BYTES


def test_every_number_of_the_list_that_is_a_picture_is_there():
    pictures = {*range(1, 29), 40}
    assert {kind.number for kind in KINDS.values()} >= pictures


def test_two_hundred_at_once_end_alike_with_one_and_with_two_workers(tmp_path, monkeypatch):
    monkeypatch.setitem(BACKENDS, "fake", everywhere)
    monkeypatch.setattr("pipeline.align.align_rows", rows_with_everywhere)
    kinds = [*KINDS, *[None] * (200 - 3 * len(KINDS)), *KINDS, *KINDS]
    names = {f"{place:03}.jpg": bad for place, bad in enumerate(kinds)}
    stores = []
    for workers in (1, 2):
        place = tmp_path / str(workers) / "raw"
        stores.append(faces_of(place, names, ClusterConfig(silent, workers)))
    one, two = ((store.path / "status.csv").read_bytes() for store in stores)
    assert one == two
    assert one.count(b"\n") == 201
    expected = [KINDS[bad].status if bad else "ok" for bad in kinds]
    assert [row["status"] for row in stores[0].rows()] == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (b"a\nb.jpg", "control characters"),
        (b"a\x1b[2Jb.jpg", "control characters"),
        (b"a\tb.jpg", "control characters"),
        (b"\xff.jpg", "no UTF-8"),
        (b"back\\slash.jpg", "does not stay inside"),
        (b"C:\\x.jpg", "does not stay inside"),
    ],
    ids=ascii,
)
def test_a_folder_with_an_unusable_name_is_refused_by_that_name(tmp_path, name, message):
    folder = tmp_path / "raw" / "fear"
    folder.mkdir(parents=True)
    (folder / "good.png").write_bytes(PNG)
    with open(bytes(folder) + b"/" + name, "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write(PNG)
    with pytest.raises(DataError, match=message) as caught:
        index(tmp_path / "raw", tmp_path / "index", index_params("folder"), silent)
    assert str(caught.value).isprintable()
    assert caught.value.exit_code == 65


@pytest.mark.parametrize(
    "name",
    ["a b.jpg", "a,b'\".jpg", "é漢😀.jpg", "אב.jpg", "-rf.jpg", "x" * 251 + ".jpg"],
    ids=ascii,
)
def test_an_odd_name_is_a_name(tmp_path, name):
    folder = tmp_path / "raw" / "fear"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(PNG)
    index(tmp_path / "raw", tmp_path / "index", index_params("folder"), silent)
    assert read_index(tmp_path / "index")[0][0, "path"] == f"fear/{name}"


def test_if_not_one_picture_can_be_read_the_run_says_so(tmp_path, monkeypatch):
    def refuse(*given):
        raise UndecodableError(Status.UNREADABLE, "Permission denied")

    (tmp_path / "raw" / "fear").mkdir(parents=True)
    (tmp_path / "raw" / "fear" / "a.jpg").write_bytes(PNG)
    monkeypatch.setattr("pipeline.indexing.audit.read_picture", refuse)
    with pytest.raises(NoPermissionError, match="not one of its 1 pictures") as caught:
        index(tmp_path / "raw", tmp_path / "index", index_params("folder"), silent)
    assert caught.value.exit_code == 77
