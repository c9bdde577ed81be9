import pytest

from errors import UsageError
from train.importing.params import ImportParams
from validation import checked

SECTION = {
    "datasets": {"RAF-DB": "raf"},
    "dataset": "mine",
    "labels": "basic7",
    "classes": [],
    "train": {},
}


def test_a_published_dataset_has_the_users_name_or_its_own():
    params = ImportParams(**SECTION)
    assert (params.name_of("RAF-DB"), params.name_of("AffectNet")) == ("raf", "AffectNet")


@pytest.mark.parametrize("key", ["datasets", "dataset", "labels", "classes", "train"])
def test_a_missing_key_is_named(key):
    with pytest.raises(UsageError, match=rf"import_run\.{key}: is missing"):
        checked(ImportParams, {one: SECTION[one] for one in SECTION if one != key}, "import_run")
