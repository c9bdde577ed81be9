"""Checks values against a pydantic model; an error names the dotted key that does not fit.

The one way from a section of params.yaml, or from the options in it, to the model that says what
is legal there. Light: pydantic only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from errors import UsageError, did_you_mean, pick

Model = TypeVar("Model", bound=BaseModel)
Location = Sequence[str | int]


def checked(model: type[Model], values: Mapping[str, Any], section: str = "") -> Model:
    """Return values as an instance of the model that they have to fit.

    Args:
        model: what is legal.
        values: as read.
        section: dotted key of the values, such as "methods.acol.head"; empty for the whole file.

    Raises:
        UsageError: naming the dotted key, if one is unknown, missing, or has an illegal value;
            unknown keys first, for a misspelt key is a missing one, too.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        location = (str(part) for part in first["loc"] if part != "[key]")
        key = ".".join([*filter(None, [section]), *location])
        raise UsageError(key, _sentence(model, first)) from error


def _sentence(model: type[BaseModel], error: ErrorDetails) -> str:
    if error["type"] in ("extra_forbidden", "missing"):
        known = _keys(model, error["loc"][:-1])
        listed = f"known: {', '.join(known) or 'none'}."
        if error["type"] == "missing":
            return f"is missing; {listed} Add it."
        return f"no such key; {listed}{did_you_mean(str(error['loc'][-1]), known)}"
    if error["type"] == "unknown_name":  # our own sentence, see NameOf
        return error["msg"]
    if error["type"] in ("model_type", "dict_type"):
        return f"needs keys and values, got {error['input']!r:.60}."
    return f"{error['msg'].lower()}, got {error['input']!r:.60}."


def _keys(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that are legal at a place inside a model."""
    annotation: Any = model
    for part in location:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[str(part)].annotation
        else:  # dict[str, X] or tuple[X, ...]
            annotation = next(one for one in reversed(get_args(annotation)) if one is not Ellipsis)
    return list(annotation.model_fields)


@dataclass(frozen=True)
class NameOf:
    """Annotation of a str field: the name of a member of a family.

    An unknown name is answered with the known ones; the JSON schema lists them.

    Attributes:
        family: name -> member.
        what: word for a member, for messages.
    """

    family: Mapping[str, object]
    what: str

    def __get_pydantic_core_schema__(
        self, source: type, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check the name after its type."""
        return core_schema.no_info_after_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """List the names."""
        return {**handler(schema), "enum": list(self.family)}

    def _known(self, name: str) -> str:
        try:
            pick(self.family, name, self.what)
        except UsageError as error:
            raise PydanticCustomError("unknown_name", "{what}", {"what": error.what}) from error
        return name
