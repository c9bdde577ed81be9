"""Tables of what command examine measures."""

import json

import pytest

from benchmarks.made_results import an_examination, put
from contracts.files import EXAMINATION
from errors import CorruptError
from report.reading.results import load_studies
from report.tables.examination_tables import black_box_table, findings, robustness_table


@pytest.fixture
def examined(tmp_path):
    put(tmp_path, "demo/smiles/examined", examination=an_examination())
    (study,) = load_studies(tmp_path)
    return study


def test_a_result_of_evaluate_has_none(tmp_path):
    put(tmp_path)
    (study,) = load_studies(tmp_path)
    assert (findings(study), black_box_table(study), robustness_table(study)) == ([], None, None)


def test_what_was_found_is_said_in_sentences(examined):
    asked, unscored, never, suspicion = findings(examined)
    assert asked == "examined: mine:smiles was asked 12,000 times, 2.5 ms per face."
    assert unscored == "Classes without an expression take 12.5% of its answers."
    assert never == "It never answers Fear."
    assert suspicion == (
        "Suspicious: accuracy 0.500 would be 0.750 with red and blue exchanged (4 faces, "
        "3.5 standard errors). That is no proof."
    )


def test_every_black_box_map_stands_beside_the_uniform_one(examined):
    exact, drawn = black_box_table(examined).rows
    assert exact[:7] == ("examined", "occlusion", "3", "50", "0.375", "0.250 to 0.500", "0.438")
    assert (exact[7:9], drawn[7:9]) == (("–", "–"), ("0.062", "0.500"))


def test_every_amount_of_a_degradation_is_a_row_and_what_was_not_measured_no_column(examined):
    table = robustness_table(examined)
    assert "ATT-COS" not in table.head
    assert table.rows[0][:4] == ("examined", "whole", "", "0.750")
    assert [row[1:4] for row in table.rows[1:]] == [
        ("blur, %", "1", "0.500"),
        ("blur, %", "2", "0.250"),
        ("jpeg, quality", "1", "0.500"),
    ]


def test_without_degradations_there_is_no_table(tmp_path):
    put(tmp_path, examination=an_examination() | {"robustness": None, "maps": []})
    (study,) = load_studies(tmp_path)
    assert (black_box_table(study), robustness_table(study)) == (None, None)


def test_an_examination_that_was_changed_is_refused(tmp_path):
    out = put(tmp_path, examination=an_examination())
    (out / EXAMINATION).write_text(json.dumps(an_examination() | {"passes": 1}))
    with pytest.raises(CorruptError, match=r"examination\.json: is not the file that MANIFEST"):
        load_studies(tmp_path)
