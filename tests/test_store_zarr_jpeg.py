"""What stands in zarr.json of an array of JPEGs: the codec that imagecodecs-zarr knows."""

import json

import numpy as np
import pytest

from store.zarr_jpeg import NAME, JpegCodec


def test_the_metadata_name_the_published_codec(tmp_path, make_store):
    pictures = np.zeros((10, 16, 16, 3), np.uint8)
    store = make_store(tmp_path / "faces", {"image": pictures}, jpegs=["image"])
    (sharding,) = json.loads((store / "data.zarr/image/zarr.json").read_bytes())["codecs"]
    picture, checksum = sharding["configuration"]["codecs"]
    assert picture == {"name": NAME, "configuration": {"level": 95, "subsampling": "420"}}
    assert checksum["name"] == "crc32c"
    assert JpegCodec.from_dict(picture).to_dict() == picture


def test_the_size_of_a_jpeg_is_not_foretold():
    with pytest.raises(NotImplementedError):
        JpegCodec().compute_encoded_size(3, None)
