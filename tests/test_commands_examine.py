"""`examine` and `compare-maps` on the command line, and docs/examining.md, which says how."""

import re
import textwrap

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from cli import main
from contracts.model_cards import ModelCard
from errors import NoInputError
from train.examination.card_files import shipped_cards


@pytest.fixture
def blocks(checkout):
    page = (checkout / "docs" / "examining.md").read_text()
    return [textwrap.dedent(one) for one in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)]


def test_the_card_of_the_page_is_one(blocks):
    (text,) = [one for one in blocks if one.startswith("title:")]
    ModelCard.model_validate(YAML(typ="safe").load(text))


def test_help_lists_the_shipped_cards():
    shown = CliRunner().invoke(main, ["examine", "--help"]).output
    assert all(name in " ".join(shown.split()) for name in shipped_cards())


def test_a_missing_result_or_file_is_named(tmp_path):
    with pytest.raises(NoInputError, match=r"gaze\.npz"):
        CliRunner().invoke(
            main,
            ["compare-maps", str(tmp_path), str(tmp_path / "gaze.npz")],
            catch_exceptions=False,
        )
