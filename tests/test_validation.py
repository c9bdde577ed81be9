from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from errors import UsageError
from validation import NameOf, checked


class Inner(BaseModel, frozen=True, extra="forbid"):
    share: float


class Outer(BaseModel, frozen=True, extra="forbid"):
    name: Annotated[str, NameOf({"red": 1, "green": 2}, "colour")]
    mode: Literal["fast", "slow"]
    inner: Inner
    named: dict[str, Inner] = {}


LEGAL = {"name": "red", "mode": "fast", "inner": {"share": 0.5}}


def test_legal_values_become_the_model():
    assert checked(Outer, LEGAL) == Outer(name="red", mode="fast", inner=Inner(share=0.5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nam": 1}, r"part\.nam: no such key; known: name, mode, inner, named. Did you mean"),
        ({"inner": {}}, r"part\.inner\.share: is missing; known: share. Add it."),
        ({"inner": {"shar": 1}}, r"part\.inner\.shar: no such key; known: share. .*'share'"),
        ({"named": {"a": {"shar": 1}}}, r"part\.named\.a\.shar: no such key; known: share"),
        ({"inner": 3}, r"part\.inner: needs keys and values, got 3"),
        ({"name": "gren"}, r"part\.name: no colour 'gren'; known: green, red. .*'green'"),
        ({"mode": "fst"}, r"part\.mode: input should be 'fast' or 'slow', got 'fst'"),
    ],
)
def test_an_illegal_value_is_named_by_its_dotted_key(change, message):
    with pytest.raises(UsageError, match=message):
        checked(Outer, {**LEGAL, **change}, "part")


def test_without_a_place_the_key_stands_alone():
    with pytest.raises(UsageError, match=r"^error\[USAGE\] share: is missing"):
        checked(Inner, {})


def test_the_json_schema_of_a_name_lists_the_family():
    wanted = {"type": "string", "enum": ["red", "green"]}
    annotation = Annotated[str, NameOf({"red": 1, "green": 2}, "colour")]
    assert TypeAdapter(annotation).json_schema() == wanted
