"""Parameters of stage `index` for tests."""

from pipeline.index import IndexParams

_USUAL = {
    "options": {},
    "seed": 0,
    "val": 0.0,
    "test": 0.0,
    "follow_links": False,
    "look_alikes": "ignore",
    "look_alike_bits": 4,
    "allow_leak": False,
}


def index_params(reader="csv", **changes):
    """Return parameters that take no split and compare no pictures, but for what is changed."""
    return IndexParams(reader=reader, **{**_USUAL, **changes})
