"""Names: every folder lists its files, a module's test has its name, old words stay away."""

import ast
import re

import pytest

from tests.syntax import FOLDERS, parsed


@pytest.fixture(scope="module")
def modules(checkout):
    """The syntax trees of everything but benchmarks and tests."""
    return {
        path: tree
        for path, tree in parsed(checkout).items()
        if path.split("/")[0] in FOLDERS or "/" not in path
    }


def listed(init):
    """The files and folders that the docstring of an `__init__` has a line for."""
    text = ast.get_docstring(ast.parse(init.read_text())) or ""
    return sorted(re.findall(r"^    (\w+\.py|\w+/) ", text, re.MULTILINE))


def beside(init):
    """The files and folders beside an `__init__`."""
    folders = [f"{inner.parent.name}/" for inner in init.parent.glob("*/__init__.py")]
    files = [file.name for file in init.parent.glob("*.py") if file != init]
    return sorted(files + folders)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_has_a_line_for_each_of_its_files(checkout, folder):
    for init in (checkout / folder).rglob("__init__.py"):
        assert listed(init) == beside(init), init


def test_the_readme_has_a_line_for_every_folder(checkout):
    readme = (checkout / "README.md").read_text()
    assert [name for name in (*FOLDERS, "benchmarks", "tests") if f" {name}/ " not in readme] == []


def test_the_test_of_a_module_is_found_by_its_name(checkout, modules):
    missing = [
        path
        for path in sorted(modules)
        if not path.endswith("__init__.py")
        if not (checkout / "tests" / f"test_{path.replace('/', '_')}").is_file()
    ]
    assert missing == []


REPLACED = {
    "Asked", "Attentive", "Choice", "Crew", "Erasing", "Feed", "Film", "Fit", "Found", "Keeper",
    "Learner", "Limits", "Look", "Now", "Peaks", "Place", "Pooled", "Ranks", "Raw", "Reel",
    "Shot", "Shots", "Source", "Tell", "Term", "Terms", "Told", "Uncertain", "Waiting",
    "Weighted", "census", "chance", "crew", "faithful", "floors", "gathered", "gathering",
    "heeded", "judged", "leave", "likeness", "of_class", "once", "readout", "readouts",
    "regime", "regimes", "scoring", "shots", "supervision", "tell", "term", "terms",
    "to_the_end", "told", "unit_range", "wishes", "xavier",
}  # fmt: skip
"""Names that the field's usual terms have replaced."""


REPLACED_MODULES = {
    "again", "alone", "canvas", "census", "curves", "faithful", "gathering", "likeness", "readouts",
    "regimes", "shots", "terms",
}  # fmt: skip
"""Names of files, too; as names of values some are still the usual ones."""


def test_replaced_modules_do_not_come_back(modules):
    stems = {path.rsplit("/", 1)[-1].removesuffix(".py") for path in modules}
    assert stems & REPLACED_MODULES == set()


def test_replaced_names_do_not_come_back(modules):
    used = {
        (path, name)
        for path, tree in modules.items()
        for node in ast.walk(tree)
        for name in (getattr(node, key, None) for key in ("id", "name", "arg", "attr"))
        if name in REPLACED
    }
    assert used == set()


def test_no_two_files_define_classes_of_one_name(modules):
    defined = [
        node.name
        for tree in modules.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    ]
    assert {name for name in defined if defined.count(name) > 1} == set()
