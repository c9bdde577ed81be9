import numpy as np
import pytest
import torch

from store.reading import Store
from tests.basic7 import book7
from train.evaluation.networks import EvalModel, Reading, own_map
from train.evaluation.split import SplitReader, split_faces
from train.examination.robustness import measure_robustness


def corner_model(images_B3SS):
    """Knows every face of the tiny stores by its bright corner."""
    places = [divmod(number, 3) for number in range(7)]
    bright = [images_B3SS[:, :, 10 * y : 10 * y + 10, 10 * x : 10 * x + 10] for y, x in places]
    scores = torch.stack([one.mean(dim=(1, 2, 3)) for one in bright], dim=1)
    lower = torch.zeros(len(scores), 4, 4)
    lower[:, 2:] = 1
    return Reading((10 * scores).softmax(dim=1), lambda: [lower], lambda classes_B: lower)


@pytest.fixture
def split(tiny):
    store = Store(tiny.faces)
    return SplitReader(store, Store(tiny.landmarks), split_faces(store, "test", None))


def lower_half(network, images_B3SS, reading, classes_B):
    """A map as a black box makes it: of the pictures that it is given."""
    return own_map(network, images_B3SS, network(images_B3SS), classes_B)


MODEL = EvalModel(corner_model, lower_half, 32, 224, book7(), "exact", torch.device("cpu"))
LEVELS = {"darkness": (0.5, 1.0), "rotation": (90.0,)}


def test_scores_fall_with_the_amount_and_count_the_same_faces(split):
    found = measure_robustness(MODEL, split, LEVELS, 3)
    assert (found.whole.accuracy, found.whole.n, found.whole.amount) == (1, 7, None)
    dark, turned = found.curves
    assert [point.amount for point in dark.points] == [0.5, 1.0]
    assert dark.points[0].accuracy == 1
    assert dark.points[1].accuracy == pytest.approx(1 / 7)
    assert dark.points[1].accuracy_error == pytest.approx(np.sqrt(1 / 7 * 6 / 7 / 7))
    assert turned.points[0].accuracy < 1


def test_the_au_maps_turn_with_the_face(split):
    found = measure_robustness(MODEL, split, LEVELS, 7)
    dark, turned = found.curves
    assert dark.points[0].cam_cos == pytest.approx(found.whole.cam_cos)
    assert abs(turned.points[0].cam_cos - found.whole.cam_cos) > 0.01


def test_only_mapped_faces_have_an_agreement(split):
    assert measure_robustness(MODEL, split.with_maps(np.array([0])), {}, 7).whole.cam_cos is None
    found = measure_robustness(MODEL, split.with_maps(np.array([3])), {}, 7)
    assert found.whole.cam_cos > 0


def test_without_faces_nothing_is_measured(split):
    assert measure_robustness(MODEL, split.subset(np.array([], np.int64)), LEVELS, 7) is None
