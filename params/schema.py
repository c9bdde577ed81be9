"""params.schema.json, from which editors complete and check params.yaml.

`python -m params.schema` writes it from the root model.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from params.root import DatasetParams, Params
from train.methods import METHODS
from train.options import HEAD_OPTIONS, LOSS_OPTIONS, STRATEGY_OPTIONS
from train.params import TrainParams

FILE = Path(__file__).parents[1] / "params.schema.json"
Json = dict[str, Any]
_DIALECT = "http://json-schema.org/draft-07/schema#"  # the newest that every editor knows
_TRAIN = "#/$defs/TrainParamsOverlay/properties"


def schema() -> Json:
    """Return the JSON schema of params.yaml.

    Sections that overlay others, such as [methods.<name>], need not have all keys; which options a
    method has is said in its own section.
    """
    options = {*HEAD_OPTIONS.values(), *STRATEGY_OPTIONS.values(), *LOSS_OPTIONS.values()}
    models: list[type[BaseModel]] = [Params, *sorted(options, key=lambda model: model.__name__)]
    _, together = models_json_schema([(model, "validation") for model in models])
    definitions: Json = together["$defs"]
    whole = definitions.pop("Params")
    definitions |= {f"{name}Overlay": _overlay(one) for name, one in definitions.items()}
    whole["properties"]["variants"]["additionalProperties"] = _or_nothing(
        _reference("TrainParamsOverlay")
    )
    for section in DatasetParams.model_fields:
        overlay = _reference(f"{section.capitalize()}ParamsOverlay")
        definitions["DatasetParams"]["properties"][section] = _or_nothing(overlay)
    whole["properties"]["methods"] = {
        "type": "object",
        "description": "Per method: values that replace those of `train`.",
        "properties": {name: _or_nothing(_method(name)) for name in METHODS},
        "additionalProperties": False,
    }
    found: Json = _without_titles(
        _with_what_is_used({"$schema": _DIALECT, **whole, "$defs": definitions})
    )
    return found


def _reference(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _or_nothing(section: Json) -> Json:
    return {"anyOf": [section, {"type": "null"}]}


def _overlay(definition: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a definition without required keys, in its parts, too."""
    if isinstance(definition, list):
        return [_overlay(one) for one in definition]
    if not isinstance(definition, dict):
        return definition
    return {
        key: f"{part}Overlay" if key == "$ref" else _overlay(part)
        for key, part in definition.items()
        if key != "required" or not isinstance(part, list)
    }


def _method(name: str) -> Json:
    """Return the schema of [methods.<name>]: [train], with the options of the method's parts."""
    method = METHODS[name]
    same = {key: {"$ref": f"{_TRAIN}/{key}"} for key in TrainParams.model_fields}
    own = {
        "head": _options(HEAD_OPTIONS[method.head]),
        "training_strategy": _options(STRATEGY_OPTIONS[method.training_strategy]),
        "losses": {
            "type": "object",
            "properties": {loss: _options(LOSS_OPTIONS[loss]) for loss in method.losses},
            "additionalProperties": False,
        },
    }
    own["evaluate"] = _or_nothing(_reference("EvaluateParamsOverlay"))
    return {"type": "object", "properties": {**same, **own}, "additionalProperties": False}


def _options(model: type[BaseModel]) -> Json:
    return _reference(f"{model.__name__}Overlay")


def _with_what_is_used(whole: Json) -> Json:
    """Drop definitions that nothing refers to."""
    definitions, needed, seen = whole["$defs"], {*_referred({**whole, "$defs": {}})}, set[str]()
    while needed - seen:
        name = min(needed - seen)
        seen.add(name)
        needed |= {*_referred(definitions[name])}
    return {**whole, "$defs": {name: definitions[name] for name in sorted(seen)}}


def _referred(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].split("/")[2]
        for inner in part.values():
            yield from _referred(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _referred(inner)


def _without_titles(part: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Drop the titles, which only repeat the keys."""
    if isinstance(part, list):
        return [_without_titles(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_titles(inner)
        for key, inner in part.items()
        if not (key == "title" and isinstance(inner, str))
    }


def text() -> str:
    """Return the schema as it is written: a reference per line."""
    indented = json.dumps(schema(), indent=1, ensure_ascii=False)
    return re.sub(r'\{\s+("\$ref": "[^"]+")\s+\}', r"{\1}", indented) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
