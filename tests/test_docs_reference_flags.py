"""docs/reference_flags.md: every flag once, and every key that it names is one of params.yaml."""

import re

import pytest

from yaml_files import read_yaml


@pytest.fixture(scope="module")
def rows(checkout):
    page = (checkout / "docs" / "reference_flags.md").read_text()
    found = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    return [(cells[0].strip("`"), cells[-1]) for cells in found]


def test_every_flag_has_one_row(rows):
    flags = [flag for flag, _ in rows]
    assert len(flags) == len(set(flags)) == 82


def test_every_row_has_a_key_or_a_reason(rows):
    bare = [flag for flag, here in rows if not here.startswith(("`", "no counterpart: "))]
    assert bare == []


def test_every_key_that_is_named_is_one_of_params(rows, checkout):
    params = read_yaml(checkout / "params.yaml")
    named = {key for _, here in rows for key in re.findall(r"`((?:\w+)(?:\.\w+)+)`", here)}
    assert len(named) > 20
    for key in named:
        section = params
        for part in key.split("."):
            assert part in section, key
            section = section[part]
