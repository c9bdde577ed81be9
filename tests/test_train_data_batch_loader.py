import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from errors import CorruptError, DataError
from store.reading import read_points
from tests.basic7 import BASIC7, EXPRESSIONS
from train.data.batch_loader import BatchLoader, Placement
from train.data.prefetch import FETCHERS
from train.data.samplers import SAMPLERS
from train.data.stores import Stores, expression_ids
from train.params import FeedParams
from train.records import Loss

CPU = torch.device("cpu")
DEVICES = [
    CPU,
    pytest.param(
        torch.device("cuda"),
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
        ],
    ),
]


@pytest.fixture(scope="module")
def stores(tiny):
    return Stores.open(tiny.faces, tiny.landmarks, tiny.heatmaps)


def params(**changes):
    values = {
        "source": "mapped",
        "resident_share": 0.5,
        "threads": 2,
        "sampler": "shuffled",
        "heatmaps": "stored",
    }
    return FeedParams(**{**values, **changes})


def loader(stores, split="train", batch=8, placement=None, **changes):
    return BatchLoader(stores, split, batch, params(**changes), placement or Placement(CPU))


def rows(batches):
    return np.concatenate([raw.rows_B for raw in batches])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("source", FETCHERS)
def test_a_batch_holds_what_the_stores_hold(stores, source, device):
    count = 0
    for raw in loader(stores, source=source, placement=Placement(device)).epoch_batches(3, 1):
        expected = (
            stores.faces.array("image").take(raw.rows_B),
            stores.heatmaps.array("map").take(raw.rows_B),
            stores.heatmaps.array("valid").take(raw.rows_B) == 1,
            expression_ids(stores.faces.table(), BASIC7)[raw.rows_B],
        )
        found = (raw.images_BSS3, raw.maps_Bss, raw.valid_B, raw.labels_B)
        for one, other in zip(found, expected, strict=True):
            assert one.device.type == device.type
            np.testing.assert_array_equal(one.cpu().numpy(), other)
        count += len(raw.rows_B)
    assert count == 28


@pytest.mark.parametrize("source", FETCHERS)
@pytest.mark.parametrize("threads", [1, 5])
def test_the_order_depends_on_seed_and_epoch_alone(stores, source, threads):
    one, other = loader(stores), loader(stores, source=source, threads=threads)
    np.testing.assert_array_equal(rows(one.epoch_batches(1, 2)), rows(other.epoch_batches(1, 2)))
    assert (rows(one.epoch_batches(1, 2)) != rows(one.epoch_batches(1, 3))).any()
    assert (rows(one.epoch_batches(1, 2)) != rows(one.epoch_batches(2, 2))).any()


def test_every_epoch_shows_every_face_once(stores):
    whole = loader(stores)
    assert sorted(rows(whole.epoch_batches(0, 5))) == whole.rows_N.tolist()
    assert rows(whole.sequential_batches()).tolist() == whole.rows_N.tolist()
    assert len(whole) == len(list(whole.epoch_batches(0, 0))) == 4


@pytest.mark.parametrize("skip", [0, 1, 3, 4])
@pytest.mark.parametrize("source", FETCHERS)
def test_an_epoch_can_begin_at_any_batch(stores, source, skip):
    whole = loader(stores, source=source)
    expected = [raw.images_BSS3.clone() for raw in whole.epoch_batches(0, 1)][skip:]
    found = [raw.images_BSS3.clone() for raw in whole.epoch_batches(0, 1, skip)]
    assert len(found) == len(expected) == 4 - skip
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=0, rtol=0)


@pytest.mark.parametrize("ranks", [2, 3, 8])
def test_ranks_split_every_batch_into_parts_that_follow_each_other(stores, ranks):
    whole = [set(raw.rows_B) for raw in loader(stores, batch=9).epoch_batches(0, 0)]
    feeds = [
        loader(stores, batch=9, placement=Placement(CPU, rank, ranks)) for rank in range(ranks)
    ]
    shares = [[raw.rows_B.tolist() for raw in one.epoch_batches(0, 0)] for one in feeds]
    assert {len(share) for share in shares} == {len(one) for one in feeds}
    joined = [np.concatenate(parts) for parts in zip(*shares, strict=True)]
    assert sorted(np.concatenate(joined)) == feeds[0].rows_N.tolist()
    assert [set(rows_B) for rows_B in joined[:2]] == whole[:2]


def test_fewer_faces_than_ranks_are_refused(stores):
    with pytest.raises(DataError, match="7 usable faces in split val for 8 processes"):
        loader(stores, split="val", placement=Placement(CPU, 0, 8))


def test_a_split_without_faces_is_refused(stores):
    with pytest.raises(DataError, match="0 usable faces in split nowhere"):
        loader(stores, split="nowhere")


@pytest.mark.parametrize("stopped_after", [0, 1, 3])
def test_stopping_early_leaves_no_thread_behind(stores, stopped_after):
    before = threading.active_count()
    batches = loader(stores, batch=2).epoch_batches(0, 0)
    for _ in range(stopped_after):
        next(batches)
    batches.close()
    assert threading.active_count() == before


def test_an_error_of_the_step_leaves_no_thread_behind(stores):
    before = threading.active_count()

    def epoch():
        for _ in loader(stores, batch=2).epoch_batches(0, 0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        epoch()
    assert threading.active_count() == before


def test_a_damaged_sample_stops_the_loader_and_its_threads(stores, monkeypatch):
    def damaged(rows_B, out_BR):
        raise CorruptError("c.0", "row 3 is damaged")

    before = threading.active_count()
    one = loader(stores)
    monkeypatch.setattr(stores.faces.array("image"), "gather", damaged)
    with pytest.raises(CorruptError, match="row 3"):
        list(one.epoch_batches(0, 0))
    assert threading.active_count() == before


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_loader_follows_its_sampler(stores, sampler):
    one = loader(stores, sampler=sampler)
    shown = rows(one.epoch_batches(0, 0))
    places = SAMPLERS[sampler](
        expression_ids(stores.faces.table(), BASIC7)[one.rows_N], np.random.default_rng([0, 0])
    )
    assert sorted(shown) == sorted(one.rows_N[places])


def test_neutral_faces_never_count_in_the_alignment(stores):
    raw = next(loader(stores, batch=64).sequential_batches())
    assert (raw.valid_B == (raw.labels_B != EXPRESSIONS.index("Neutral"))).all()


def test_landmarks_are_carried_only_when_asked_for_and_from_edge_to_edge(stores):
    carrying = loader(stores)
    assert next(carrying.sequential_batches()).points_B682 is None
    carrying.prepare_for([Loss(None, needs_points=True)])
    raw = next(carrying.sequential_batches())
    size = stores.landmarks.metadata["size_px"]
    expected = (read_points(stores.landmarks, raw.rows_B) + 0.5) / size * 2 - 1
    np.testing.assert_allclose(raw.points_B682.numpy(), expected, atol=1e-6)
    assert raw.points_B682.isfinite().any()


def test_a_loss_on_landmarks_is_refused_where_there_are_none(stores):
    carrying = loader(stores)
    nothing = SimpleNamespace(take=lambda rows_B: np.zeros(len(rows_B)))
    none = SimpleNamespace(array=lambda name: nothing, path="data/landmarks/mine")
    carrying._stores = replace(stores, landmarks=none)
    with pytest.raises(DataError, match=r"data/landmarks/mine.*no face of this split has landm"):
        carrying.prepare_for([Loss(None, needs_points=True)])


def test_soft_targets_are_the_shares_or_the_label_alone(voted):
    stores = Stores.open(voted.faces, voted.landmarks, None)
    carrying = loader(stores)
    assert next(carrying.epoch_batches(0, 0)).shares_BK is None
    carrying.prepare_for([], soft_targets=True)
    assert carrying.soft_faces == 22
    for raw in carrying.epoch_batches(0, 0):
        labels = raw.labels_B.numpy()
        expected = 0.75 * np.eye(7)[labels] + 0.25 * np.eye(7)[(labels + 1) % 7]
        expected[raw.rows_B % 5 == 0] = np.eye(7)[labels[raw.rows_B % 5 == 0]]
        np.testing.assert_array_equal(raw.shares_BK.numpy(), expected.astype(np.float32))


def test_soft_targets_that_no_face_of_the_split_has_are_refused(voted, monkeypatch):
    carrying = loader(Stores.open(voted.faces, voted.landmarks, None))
    carrying.rows_N = carrying.rows_N[::5]
    with pytest.raises(DataError, match="no face of this split has shares of the classes"):
        carrying.prepare_for([], soft_targets=True)


def test_a_loss_on_heatmaps_is_refused_where_there_are_none(stores):
    carrying = loader(stores)
    carrying.prepare_for([Loss(None, needs_maps=True)])
    carrying._valid = np.zeros_like(carrying._valid)
    with pytest.raises(DataError, match="an aligned run would be a plain one"):
        carrying.prepare_for([Loss(None, needs_maps=True)])
