"""Sections that lie over others: only the keys that differ are in them."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator

from validation import checked

Model = TypeVar("Model", bound=BaseModel)
Keys = dict[str, Any]
Overlay = Annotated[Keys, BeforeValidator(lambda keys: {} if keys is None else keys)]
"""Keys of another section that differ; none if nothing stands there."""


def overlaid(below: Model, above: Mapping[str, Any], section: str) -> Model:
    """Lay the keys of a section over another one: where both have a section, key by key.

    Raises:
        UsageError: naming the key under `section`, if one is unknown or has an illegal value.
    """
    return checked(type(below), _merged(below.model_dump(), above), section)


def _merged(below: Keys, above: Mapping[str, Any]) -> Keys:
    nested = {
        key: _merged(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return {**below, **above, **nested}
