"""Folds: no person in two, expressions spread evenly, leave-one-person-out, clear refusals."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from errors import DataError
from pipeline.indexing.folds import fold_remarks, with_folds
from store.records import Sample

KEY = "index.lab.folds"


def lab(persons: int, pictures: int = 14, expressions: int = 7) -> list[Sample]:
    return [
        Sample(
            id=f"p{person}/{number}",
            path=f"p{person}/{number}.jpg",
            expression=number % expressions,
            person=f"p{person}",
        )
        for person in range(persons)
        for number in range(pictures + person % 3)
    ]


def test_no_folds_leave_samples_as_they_are() -> None:
    samples = lab(3)
    assert with_folds(samples, "none", 0, KEY) == samples


def test_one_fold_a_person() -> None:
    found = with_folds(lab(10), "persons", 0, KEY)
    assert {one.person: one.fold for one in found} == {f"p{number}": number for number in range(10)}


@pytest.mark.parametrize("seed", range(5))
def test_no_person_in_two_folds_and_expressions_even(seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = [
        Sample(
            id=str(number),
            path=f"{number}.jpg",
            expression=int(rng.choice(7, p=[0.4] + [0.1] * 6)),
            person=f"p{rng.integers(40)}",
        )
        for number in range(800)
    ]
    found = with_folds(samples, 5, seed, KEY)
    folds = defaultdict(set)
    for one in found:
        folds[one.person].add(one.fold)
    assert all(len(of) == 1 for of in folds.values())
    assert _uneven(found, [one.fold or 0 for one in found]) <= 1.5 * _uneven(found, _oracle(found))


def _oracle(samples: list[Sample]) -> list[int]:
    labels = np.array([one.expression for one in samples])
    persons = np.array([one.person for one in samples])
    fold_N = np.zeros(len(samples), dtype=int)
    for number, (_, rows) in enumerate(StratifiedGroupKFold(5).split(labels, labels, persons)):
        fold_N[rows] = number
    return [int(fold) for fold in fold_N]


def _uneven(samples: list[Sample], folds: list[int]) -> float:
    """Return the mean standard deviation over folds of an expression's share in each."""
    counts = np.zeros((5, 7))
    for one, fold in zip(samples, folds, strict=True):
        counts[fold, one.expression] += 1
    return float((counts / counts.sum(0)).std(0).mean())


def test_twins_of_two_persons_share_a_fold() -> None:
    found = with_folds(lab(6), "persons", 0, KEY, [(0, 20)])
    assert found[0].fold == found[20].fold
    assert len({one.fold for one in found}) == 5


def test_unknown_persons_are_refused_for_one_fold_a_person() -> None:
    samples = [*lab(3), Sample(id="odd", path="odd.jpg", expression=0)]
    with pytest.raises(DataError, match=r"index\.lab\.folds: is persons.* 1 of 46 .*'odd'"):
        with_folds(samples, "persons", 0, KEY)


@pytest.mark.parametrize("folds", ["persons", 5])
def test_too_few_persons_are_refused(folds: int | str) -> None:
    with pytest.raises(DataError, match="only 2 persons"):
        with_folds(lab(2), folds, 0, KEY)


def test_remark_names_sizes_and_what_to_list() -> None:
    found = with_folds(lab(3), "persons", 0, KEY)
    sizes = Counter(one.fold for one in found)
    (line,) = fold_remarks(found, "matrix.repeats")
    assert f"3 of {min(sizes.values())} to {max(sizes.values())} pictures, 3 persons" in line
    assert line.endswith("matrix.repeats: [seed0-fold0, seed0-fold1, seed0-fold2]")
    assert fold_remarks(lab(3), "matrix.repeats") == []
