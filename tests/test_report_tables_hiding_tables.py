"""Tables of what hiding parts of the faces does."""

from benchmarks.made_results import optional_scores, put
from report.reading.results import load_studies
from report.tables.hiding_tables import hiding_table, region_tables


def test_without_measurements_there_is_no_table(tmp_path):
    put(tmp_path)
    (study,) = load_studies(tmp_path)
    assert hiding_table(study) is None
    assert region_tables(study) == []


def test_every_gain_stands_with_its_interval(tmp_path):
    put(tmp_path, **optional_scores())
    (study,) = load_studies(tmp_path)
    rows = hiding_table(study).rows
    assert rows[0] == ("deletion, gain over random: attention", "+0.250", "+0.125 to +0.375")
    assert rows[-2] == ("hidden AUs: own minus others", "+0.375", "+0.250 to +0.500")
    assert rows[-1] == ("hidden AUs: an own region costs more", "0.375", "0.250 to 0.500")


def test_a_region_stands_above_its_random_place_and_own_ones_are_marked(tmp_path):
    put(tmp_path, **optional_scores())
    (study,) = load_studies(tmp_path)
    (table,) = region_tables(study)
    smile, brow = table.rows
    assert smile[:3] == ("12, 15", "lip corner puller", "0.062")
    assert smile[3:5] == ("+0.000 ± 0.062", "+0.375 ± 0.062*")
    assert brow[5] == "–"
