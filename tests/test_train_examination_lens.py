import numpy as np
import pytest
import torch

from errors import UsageError
from params import load
from store.reading import Store
from tests.basic7 import book7
from tests.examining import small
from train.evaluation.networks import EvalModel, Reading, own_map
from train.evaluation.results import ScoredModel
from train.evaluation.split import SplitReader, split_faces
from train.examination.lens import Lens, Subject


def even(images_B3SS):
    return Reading(torch.full((len(images_B3SS), 7), 1 / 7))


@pytest.fixture
def make_lens(tiny, checkout):
    def make(cam_method, **examination):
        model = EvalModel(even, own_map, 32, 224, book7(), "exact", torch.device("cpu"))
        scored = ScoredModel("made", model, {"cam_method": cam_method}, None, {}, None)
        store = Store(tiny.faces)
        split = SplitReader(store, Store(tiny.landmarks), split_faces(store, "all", None))
        params = small(load(checkout / "params.yaml"), **examination)
        return Lens(Subject(scored, {}, None), split, *params)

    return make


def test_every_part_says_how_often_it_asks(make_lens):
    # 42 faces; 14 get maps of 10 or 20 passes; 7 are degraded in 7 ways.
    own, box = make_lens("method").passes(), make_lens("occlusion").passes()
    assert own["scores"] == 42
    assert box["scores"] == 42 + 14 * 10
    assert own["occlusion"] == 14 * 10
    assert own["rise"] == 14 * 20
    assert own["degradations"] == 8 * 7
    assert box["degradations"] == 8 * (7 + 7 * 10)
    assert own["card"] == 0


def test_more_than_allowed_is_refused_before_it_begins(make_lens):
    total = sum(make_lens("method").passes().values())
    make_lens("method", max_passes=total).require_passes()
    with pytest.raises(UsageError, match=rf"asked {total:,} times"):
        make_lens("method", max_passes=total - 1).require_passes()


def test_the_sample_is_that_of_the_seed(make_lens):
    assert np.array_equal(make_lens("method")._mapped, make_lens("method")._mapped)
