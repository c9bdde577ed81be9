"""What a dataset lacks for training and honest scores, said at `index`."""

from pipeline.indexing.fitness import (
    fitness_warnings,
    landmark_coverage,
    person_suggestion,
    persons_found,
    split_remedies,
)
from store.records import Sample
from tests.basic7 import BASIC7


def sample(number, expression, split, person):
    return Sample(f"{number}.jpg", f"{number}.jpg", expression, split, person)


def test_pictures_without_landmarks_are_counted_where_others_have_some():
    points = tuple(range(136))
    some = [Sample("a", "a", 0, landmarks=points), Sample("b", "b", 0)]
    assert landmark_coverage(some)[0].startswith("1 of 2 pictures bring no landmarks")
    assert landmark_coverage(some[:1]) == landmark_coverage(some[1:]) == []


GOOD = [sample(n, n % 2, split, f"p{n}") for n in range(4) for split in ("train", "val", "test")]


def test_a_fit_dataset_has_no_warnings():
    assert fitness_warnings(GOOD, BASIC7) == []


def test_empty_splits_are_named():
    found = fitness_warnings([one for one in GOOD if one.split == "train"], BASIC7)
    assert found == [
        "Split val is empty: no epoch can be chosen by it.",
        "Split test is empty: nothing can be scored.",
    ]


def test_one_expression_is_nothing_to_learn():
    found = fitness_warnings([one for one in GOOD if one.expression == 0], BASIC7)
    assert found == ["All pictures show one expression, Neutral: nothing to learn."]


def test_an_expression_without_training_is_named():
    found = fitness_warnings([*GOOD, sample(9, 3, "test", "p9")], BASIC7)
    assert found == ["No training picture shows Fear."]


def test_one_person_says_nothing_about_others():
    found = fitness_warnings(
        [sample(n, n % 2, one.split, "p") for n, one in enumerate(GOOD)], BASIC7
    )
    assert found == ["All pictures show one person: scores say nothing about other people."]


def test_unknown_persons_are_counted():
    (found,) = fitness_warnings([*GOOD, sample(9, 0, "test", None)], BASIC7)
    assert found.startswith("The person is unknown for 1 of 13 pictures: the same person may be")


def test_a_pattern_is_suggested_only_where_no_person_is_known():
    names = [f"{name}_{n}.jpg" for name in ("ann", "bob", "cy") for n in range(3)]
    unknown = [Sample(name, name, n % 2, "train") for n, name in enumerate(names)]
    (found,) = person_suggestion(unknown, "index.mine.options")
    assert r"set index.mine.options.person: '([^/]+?)[_-]+\d+(?:\.\w+)?$'" in found
    assert person_suggestion([*unknown, GOOD[0]], "index.mine.options") == []


def test_persons_of_a_pattern_are_shown():
    assert persons_found(GOOD) == ["persons: 4, such as 'p0', 'p1', 'p2'"]


def test_an_empty_split_has_a_remedy():
    assert split_remedies(GOOD, "index.mine") == []
    (found,) = split_remedies([one for one in GOOD if one.split != "val"], "index.mine")
    assert found.startswith("to fill split val, raise index.mine.val (persons and copies are taken")
