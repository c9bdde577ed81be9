"""params.schema.json is fresh, and says of params.yaml what the root model says."""

import pytest

from params.root import Params
from params.schema import FILE, schema, text
from train.methods import METHODS
from yaml_files import read_yaml


def test_the_schema_is_the_one_that_the_root_model_makes_now():
    assert FILE.read_text(encoding="utf-8") == text(), "run: make fix"


def test_the_first_line_of_the_parameters_names_it(checkout):
    first, *_ = (checkout / "params.yaml").read_text().splitlines()
    assert first == f"# yaml-language-server: $schema={FILE.name}"


def test_it_has_every_section_and_requires_it():
    assert list(schema()["properties"]) == list(Params.model_fields) == schema()["required"]


def test_it_has_every_method_with_the_options_of_its_own_parts():
    methods = schema()["properties"]["methods"]["properties"]
    assert list(methods) == list(METHODS)
    section = methods["acol"]["anyOf"][0]["properties"]
    assert section["head"] == {"$ref": "#/$defs/ACoLParamsOverlay"}
    assert list(section["losses"]["properties"]) == ["cross_entropy", "erased_cross_entropy"]


def test_an_overlay_requires_no_key():
    overlays = {name: one for name, one in schema()["$defs"].items() if name.endswith("Overlay")}
    assert overlays
    assert not [name for name, one in overlays.items() if "required" in one]


def resolved(whole, reference):
    for name in reference.removeprefix("#/").split("/"):
        whole = whole[name]
    return whole


def references(part):
    """Return every reference in a schema."""
    if isinstance(part, list):
        return [found for inner in part for found in references(inner)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [found for inner in part.values() for found in references(inner)]


def test_every_reference_leads_somewhere():
    whole = schema()
    assert all(isinstance(resolved(whole, one), dict) for one in references(whole))


@pytest.mark.parametrize("name", ["train", "align", "evaluate", "demo"])
def test_a_section_lists_its_keys_as_params_yaml_does(checkout, name):
    whole = schema()
    section = resolved(whole, whole["properties"][name]["$ref"])
    assert list(section["properties"]) == list(read_yaml(checkout / "params.yaml")[name])


def test_names_of_a_family_are_listed():
    kinds = schema()["$defs"]["MatrixParams"]["properties"]["kinds"]
    assert "per_class_au" in kinds["items"]["enum"]
