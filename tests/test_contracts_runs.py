from contracts.runs import HeatmapMetadata
from store.reading import Store


def test_metadata_of_a_heatmap_store_fit_their_model(tiny):
    metadata = HeatmapMetadata(**Store(tiny.heatmaps).metadata)
    assert (metadata.kind, metadata.codebook) == ("au", "published")
