from contracts.runs import DatasetMetadata
from store.reading import Store


def test_metadata_of_a_landmark_store_fit_their_model(tiny):
    metadata = DatasetMetadata(**Store(tiny.landmarks).metadata)
    assert (metadata.dataset, metadata.size_px, metadata.root) == ("tiny", 32, None)
