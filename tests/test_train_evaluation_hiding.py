import numpy as np
import pytest
import torch

from measures.hidden_regions import region_set
from params import load
from store.reading import Store
from tests.basic7 import book7
from train.evaluation.hiding import measure_hiding, passes_per_face, sample_per_class
from train.evaluation.networks import EvalModel, Reading, own_map
from train.evaluation.split import SplitReader, evaluate_split, split_faces

CPU = torch.device("cpu")


@pytest.fixture
def asked():
    return []


@pytest.fixture
def model(asked):
    """Answers how bright the mouth is; its map and attention are the lower half."""

    def network(images_B3SS):
        asked.append(len(images_B3SS))
        bright_B = images_B3SS[:, :, 20:28, 10:22].mean(dim=(1, 2, 3))
        lower = torch.zeros(len(images_B3SS), 4, 4)
        lower[:, 2:] = 1
        probabilities = torch.stack([bright_B, *[(1 - bright_B) / 6] * 6], dim=1)
        return Reading(probabilities, lambda: [lower], lambda classes_B: lower)

    return EvalModel(network, own_map, 32, 224, book7(), "exact", CPU)


@pytest.fixture
def params(checkout):
    shipped = load(checkout / "params.yaml").evaluate
    hiding = shipped.hiding.model_copy(update={"per_class": 1, "steps": 3})
    return shipped.model_copy(update={"batch": 4, "hiding": hiding})


@pytest.fixture
def split(tiny):
    faces = Store(tiny.faces)
    return SplitReader(faces, Store(tiny.landmarks), split_faces(faces, "train", None))


def effects(model, split, params):
    outputs = evaluate_split(model, split, params, lambda done, total, note: None)
    return measure_hiding(model, split, outputs, params)


def test_one_face_of_each_expression_is_measured_and_no_other(model, split, params, asked):
    found = effects(model, split, params)
    measured = np.isfinite(found.faithfulness_NOC).all(axis=(1, 2))
    assert sorted(split.faces.labels_N[measured]) == [*range(7)]
    assert (np.isfinite(found.regions.drop_BU).any(axis=1) == measured).all()
    assert sum(asked) == len(measured) + 7 * passes_per_face(book7(), 3)


def test_the_size_of_the_batch_changes_nothing(model, split, params):
    found = [effects(model, split, params.model_copy(update={"batch": batch})) for batch in (2, 28)]
    np.testing.assert_allclose(
        found[0].faithfulness_NOC, found[1].faithfulness_NOC, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        found[0].regions.elsewhere_BU, found[1].regions.elsewhere_BU, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("fill", ["blur", "mean_face"])
def test_either_fill_hides_the_region_that_the_answer_depends_on(model, split, params, fill):
    hiding = params.hiding.model_copy(update={"fill": fill})
    found = effects(model, split, params.model_copy(update={"hiding": hiding}))
    neutral = (split.faces.labels_N == 0) & np.isfinite(found.regions.drop_BU).any(axis=1)
    mouth = region_set(book7()).units.index((23, 24, 26, 27))
    brow = region_set(book7()).units.index((1,))
    drops = np.abs(found.regions.drop_BU[neutral][0])
    assert drops[mouth] > drops[brow]


def test_none_per_class_measures_nothing(model, split, params):
    hiding = params.hiding.model_copy(update={"per_class": 0})
    found = effects(model, split, params.model_copy(update={"hiding": hiding}))
    assert np.isnan(found.faithfulness_NOC).all()


def test_a_sample_has_at_most_so_many_of_each_class_in_the_order_of_the_faces():
    labels = np.array([3, 1, 1, 1, 2, 3])
    chosen = sample_per_class(labels, 2, 0)
    assert chosen.tolist() == sorted(chosen)
    assert np.bincount(labels[chosen]).tolist() == [0, 2, 1, 2]
    assert sample_per_class(labels, 2, 0).tolist() == chosen.tolist()
