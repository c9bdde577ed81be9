import pytest

from contracts.manifests import MetadataRecord
from contracts.runs import DatasetMetadata, RunCard, WarmStart
from store.reading import Store


def test_metadata_of_a_landmark_store_fit_their_model(tiny):
    metadata = DatasetMetadata(**Store(tiny.landmarks).metadata)
    assert (metadata.dataset, metadata.size_px, metadata.root) == ("tiny", 32, None)


@pytest.mark.parametrize(
    ("weights", "warm_start", "expected"),
    [
        ("none", None, "random weights"),
        ("face", None, "weights of a face-recognition network"),
        ("/home/me/net.pt", None, "weights from net.pt"),
        (
            "runs/demo/cam/plain",
            WarmStart(run="runs/demo/cam/plain", digest="0", dataset="demo"),
            "the weights of runs/demo/cam/plain, which was trained on demo",
        ),
    ],
)
def test_a_run_says_what_it_was_trained_on_and_what_it_began_with(weights, warm_start, expected):
    card = RunCard.model_construct(
        params={"backbone": "dlib21", "weights": weights},
        warm_start=warm_start,
        training_faces=560,
        about=DatasetMetadata.model_construct(dataset="mine"),
    )
    assert card.origin == f"Trained on 560 faces of mine; dlib21, begun with {expected}."


def test_a_run_knows_every_key_of_its_dataset_that_index_writes():
    """Whatever index says of a dataset travels to the landmarks, of which the run keeps a note."""
    known = {*MetadataRecord.model_fields} - {"kind", "options", "canvas_px"}
    assert known <= {*DatasetMetadata.model_fields}
