"""Label sets by name, and files of one's own."""

import pytest

from errors import DataError, NoInputError
from labels.reading import known_words, read_labels, shipped
from tests.basic7 import BASIC7

OWN = """
classes:
  - {name: calm, abbreviation: c, colour: "#000000"}
  - {name: in pain, abbreviation: p, colour: "#ff0000", aus: [4, 43]}
"""


@pytest.fixture
def own(tmp_path):
    def write(text=OWN, name="mine.yaml"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_set_has_the_name_of_its_file_and_says_its_source(name):
    found = read_labels(name)
    assert found.name == name
    assert found.source
    assert {word for word in found.words} <= known_words()


@pytest.mark.parametrize("name", shipped())
def test_every_class_has_a_colour_and_an_abbreviation_of_its_own(name):
    classes = read_labels(name).classes
    for key in ("colour", "abbreviation"):
        assert len({getattr(one, key) for one in classes}) == len(classes)


def test_a_file_of_ones_own_is_read_and_named_by_it(own):
    found = read_labels(own())
    assert (found.name, found.names) == ("mine", ("calm", "in pain"))
    assert [unit.au for unit in found.classes[1].aus] == [4, 43]


def test_an_unknown_set_names_the_known_ones():
    with pytest.raises(NoInputError, match=r"basic9: is no label set; known: basic7.*Did you mean"):
        read_labels("basic9")


def test_a_file_that_does_not_end_in_yaml_is_none(own):
    with pytest.raises(NoInputError, match=r"a file that ends in \.yaml"):
        read_labels(own(name="mine.txt"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("classes: [", r"is not YAML.*basic7\.yaml shows"),
        ("happy", r"needs sections.*basic7\.yaml shows"),
        ("classes: [happy, sad]", r"classes\.0: .*basic7\.yaml shows"),
        (OWN.replace("colour", "color"), r"classes\.0\.colour: Field required"),
        (OWN.replace("[4, 43]", "[4, 143]"), r"classes\.1\.aus\.1\.au: Input should be less"),
        (OWN.replace("in pain", "calm"), r"the word 'calm' stands for two classes"),
    ],
)
def test_a_wrong_file_is_refused_with_its_key(own, text, why):
    with pytest.raises(DataError, match=why):
        read_labels(own(text, "wrong.yaml"))


def test_the_seven_are_in_the_published_order():
    assert BASIC7.names[0] == "Neutral"
    assert BASIC7.names[-1] == "Sadness"
