"""Sections that lie over others."""

import pytest
from pydantic import BaseModel

from errors import UsageError
from params.overlays import overlaid


class Inner(BaseModel, frozen=True, extra="forbid"):
    """A section in a section."""

    flip: float
    grey: float


class Outer(BaseModel, frozen=True, extra="forbid"):
    """A section."""

    sizes: tuple[int, ...]
    inner: Inner


BELOW = Outer(sizes=(1, 2), inner=Inner(flip=0.5, grey=0.25))


def test_sections_are_laid_over_key_by_key_and_lists_as_wholes():
    found = overlaid(BELOW, {"sizes": [3], "inner": {"flip": 1}}, "mine")
    assert found == Outer(sizes=(3,), inner=Inner(flip=1, grey=0.25))


def test_what_is_below_stays_as_it_is():
    overlaid(BELOW, {"inner": {"flip": 1}}, "mine")
    assert BELOW.inner.flip == 0.5


def test_an_unknown_key_is_named_below_the_overlay():
    with pytest.raises(UsageError, match=r"mine\.inner\.flipp: no such key; known: flip, grey"):
        overlaid(BELOW, {"inner": {"flipp": 1}}, "mine")
