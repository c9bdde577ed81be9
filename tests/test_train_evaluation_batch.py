"""One batch through a trained model: its maps, and how they agree with the AU maps."""

import numpy as np
import pytest
import torch

from tests.basic7 import book7
from train.evaluation.batch import (
    EvalBatch,
    EvalOutputs,
    compute_maps,
    concatenate,
    evaluate_batch,
    region_shares,
)
from train.evaluation.networks import EvalModel, classifier_network, own_map
from train.evaluation.targets import Targets
from train.records import Forward

CPU = torch.device("cpu")


def of_one_layer(images):
    """A model that answers expression 2 and attends to the left half."""
    logits = torch.zeros(len(images), 7)
    logits[:, 2] = 1.0
    feature = torch.zeros(len(images), 3, 4, 4)
    feature[:, :, :, :2] = 1.0
    return Forward(logits, (feature,))


def class_as_brightness(classifier, forward, classes_B):
    """A CAM whose corner holds the expression it is of."""
    maps = torch.zeros(len(classes_B), 4, 4)
    maps[:, 0, 0] = 1.0
    maps[:, 3, 3] = classes_B / 10
    return maps


NETWORK = classifier_network(of_one_layer, class_as_brightness)
MODEL = EvalModel(NETWORK, own_map, 32, 64, book7(), "exact", CPU)
IMAGES = torch.zeros((2, 32, 32, 3), dtype=torch.uint8)


def test_the_cam_is_of_the_predicted_expression_unless_another_is_given():
    predicted, given = (
        compute_maps(MODEL, IMAGES, classes) for classes in (None, torch.tensor([5, 6]))
    )
    assert predicted.classes_B.tolist() == [2, 2]
    torch.testing.assert_close(predicted.cam_Bhw[:, 3, 3], torch.tensor([0.2, 0.2]))
    torch.testing.assert_close(given.cam_Bhw[:, 3, 3], torch.tensor([0.5, 0.6]))
    torch.testing.assert_close(predicted.probabilities_BV.sum(dim=1), torch.ones(2))


def test_the_shown_attention_is_that_of_the_layer_stretched_to_0_and_1():
    maps = compute_maps(MODEL, IMAGES, None)
    assert maps.attention_BSS.shape == (2, 64, 64)
    assert (maps.attention_BSS[:, :, :16] == 1).all()
    assert (maps.attention_BSS[:, :, -16:] == 0).all()


def drawn(own, region, coded=None):
    """Targets of two faces: of every expression, and of all AUs, the same map."""
    maps_BTCC = own.expand(2, 8, 64, 64).clone()
    regions_BUSS = region.expand(2, 1, 64, 64).clone()
    defined_BT = torch.ones(2, 8, dtype=torch.bool)
    defined_BT[1, 3] = False
    present_BU = torch.tensor([[True], [False]])
    own_BKCC = torch.zeros(2, 0, 64, 64) if coded is None else coded
    acting_BK = own_BKCC.flatten(2).any(dim=2)
    return Targets(maps_BTCC, defined_BT, regions_BUSS, present_BU, own_BKCC, acting_BK)


@pytest.fixture
def outputs():
    left = torch.zeros(64, 64)
    left[:, :32] = 1
    return evaluate_batch(MODEL, EvalBatch(IMAGES, np.array([0, 3]), drawn(left, left)))


def test_attention_on_the_region_agrees_with_its_map(outputs):
    assert outputs.cosines_BMV.shape == (2, 2, 7)
    assert (outputs.cosines_BMV[:, 0] > 0.97).all()
    assert (outputs.cosines_BMV[:, 0] > outputs.uniform_BV).all()
    np.testing.assert_allclose(outputs.uniform_BV, np.sqrt(0.5), atol=1e-6)
    np.testing.assert_allclose(outputs.all_aus_B, 1, atol=1e-6)


def test_attention_is_compared_with_what_this_face_does_and_what_another_does():
    left = torch.zeros(64, 64)
    left[:, :32] = 1
    right, nothing = 1 - left, torch.zeros(64, 64)
    coded = torch.stack([torch.stack([left, right]), torch.stack([right, nothing])])
    batch = EvalBatch(IMAGES, np.array([0, 3]), drawn(left, left, coded))
    found = evaluate_batch(MODEL, batch)
    np.testing.assert_array_equal(found.cosines_BMV.shape, (2, 2, 7))
    own, other = found.own_cosines_BMK[:, 0].T
    assert own[0] > 0.97
    assert max(own[1], other[0]) < 0.3
    assert np.isnan(other[1])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(
        found.own_references_BK, [[half, 1, 1, 0, 0], [half, 0, 0, np.nan, np.nan]], atol=1e-6
    )


def test_an_expression_without_units_has_no_stencil_to_compare_with():
    left = torch.zeros(64, 64)
    left[:, :32] = 1
    batch = EvalBatch(IMAGES, np.array([0, 3]), drawn(0 * left, left, left.expand(2, 2, 64, 64)))
    found = evaluate_batch(MODEL, batch)
    assert np.isnan(found.own_references_BK[:, 2:4]).all()
    np.testing.assert_allclose(found.own_references_BK[:, 4], 1, atol=1e-6)


def test_without_coding_nothing_is_compared(outputs):
    assert outputs.own_cosines_BMK.shape == (2, 2, 2)
    assert np.isnan(outputs.own_cosines_BMK).all()
    assert np.isnan(outputs.own_references_BK).all()


def test_whether_a_face_has_its_own_map_goes_by_its_label(outputs):
    assert outputs.has_own_map(np.array([0, 3])).tolist() == [True, False]


def test_batches_are_put_together_in_order(outputs):
    both = concatenate([outputs, outputs])
    assert isinstance(both, EvalOutputs)
    np.testing.assert_array_equal(both.shares_BU, np.tile(outputs.shares_BU, (2, 1)))
    assert len(both.cam_BSS) == 4


def test_the_share_on_a_region_is_of_the_mass_of_the_map():
    attention_BSS = torch.tensor([[[1.0, 3.0], [0.0, 4.0]]])
    regions_BUSS = torch.tensor([[[[0.4, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]]]])
    shares_BU, areas_BU = region_shares(attention_BSS, regions_BUSS, torch.tensor([[True, False]]))
    torch.testing.assert_close(shares_BU, torch.tensor([[7 / 8, torch.nan]]), equal_nan=True)
    torch.testing.assert_close(areas_BU, torch.tensor([[0.5, 0.25]]))


def test_a_map_without_mass_has_no_share():
    shares_BU, _ = region_shares(
        torch.zeros(1, 2, 2), torch.ones(1, 1, 2, 2), torch.tensor([[True]])
    )
    assert shares_BU.isnan().all()
