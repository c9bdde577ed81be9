import pytest
import torch

from errors import DataError
from params import load
from store.reading import Store
from tests.basic7 import book7
from train.evaluation.networks import EvalModel, Reading, own_map
from train.evaluation.results import ScoredModel, write_results
from train.evaluation.split import SplitReader, split_faces


def diverged(images_B3SS):
    return Reading(
        torch.full((len(images_B3SS), 7), torch.nan),
        class_map=lambda classes_B: torch.rand(len(classes_B), 4, 4),
    )


def test_a_model_without_finite_predictions_is_refused(tiny, checkout, tmp_path):
    model = EvalModel(diverged, own_map, 32, 224, book7(), "exact", torch.device("cpu"))
    store = Store(tiny.faces)
    split = SplitReader(store, Store(tiny.landmarks), split_faces(store, "test", None))
    scored = ScoredModel("runs/mine", model, {}, None, {}, None)
    params = load(checkout / "params.yaml").evaluate
    with pytest.raises(DataError, match=r"runs/mine.* for 7 of 7 faces"):
        write_results(tmp_path, scored, split, params, lambda done, total, note: None)
    assert not list(tmp_path.iterdir())
