"""The house as rules: who may import whom, and which calls occur nowhere."""

import ast
import subprocess
import sys

import pytest

from tests.syntax import ROOMS, parsed

LIGHT = ("contracts", "errors", "progress")
DOORS = {
    "labels": set(),
    "anatomy": set(),
    "demo": {"store", "anatomy", "pipeline"},
    "store": set(),
    "pipeline": {"store", "anatomy", "labels"},
    "explain": {
        "labels",
        "store",
        "anatomy",
        "pipeline",
        "train",
        "report",
        "params",
    },  # for notebooks
    "measures": {"anatomy"},
    "train": {"store", "anatomy", "measures", "labels"},
    "report": {"store", "anatomy", "measures", "labels"},
}
FACE_TOOLS = {"mediapipe", "dlib", "cv2", "PIL"}
FORBIDDEN = {
    "demo": {"torch", "timm", "torchvision"},
    "explain": {"dask", "distributed"},
    "labels": {*FACE_TOOLS, "torch", "zarr", "dask", "distributed", "numpy"},
    "anatomy": {"torch", "zarr", "dask", "distributed", "mediapipe", "dlib", "PIL"},
    "store": {"torch", "cv2", "mediapipe", "dlib", "PIL"},
    "pipeline": {"torch", "timm", "torchvision"},
    "measures": {*FACE_TOOLS, "torch", "timm", "matplotlib", "dask", "distributed"},
    "train": {*FACE_TOOLS, "dask", "distributed"},
    "report": {*FACE_TOOLS, "torch", "timm", "dask", "distributed"},
}
HEAVY = "torch mediapipe dlib cv2 zarr dask distributed h5py matplotlib polars pydantic numpy"


def imported(tree):
    """The dotted names of all modules that a syntax tree imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(name):
    return name.split(".")[0]


CLOSED_WINGS = {
    "train/data/": {"train.fitting", "train.evaluation", "train.methods"},
    "train/methods/": {"train.fitting", "train.evaluation", "train.data"},
    "train/evaluation/": {"train.examination", "train.fitting"},
}
"""Wing -> wings that it does not know."""


@pytest.fixture(scope="module")
def trees(checkout):
    return parsed(checkout)


@pytest.fixture(scope="module")
def in_rooms(trees):
    """The syntax trees of the files in the rooms."""
    return {path: tree for path, tree in trees.items() if path.split("/")[0] in ROOMS}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_opens_only_its_doors(in_rooms, room):
    closed = {*ROOMS, "cli", "commands", "params"} - DOORS[room] - {room}
    used = {
        (path, room_of(name))
        for path, tree in in_rooms.items()
        if path.startswith(f"{room}/")
        for name in imported(tree)
        if room_of(name) in closed | FORBIDDEN[room]
    }
    assert used == set()


@pytest.mark.parametrize("wing", CLOSED_WINGS)
def test_a_wing_of_train_knows_only_the_wings_below(in_rooms, wing):
    used = {
        (path, name)
        for path, tree in in_rooms.items()
        if path.startswith(wing)
        for name in imported(tree)
        if any(f"{name}.".startswith(f"{closed}.") for closed in CLOSED_WINGS[wing])
    }
    assert used == set()


def test_what_lies_above_the_wings_of_train_knows_neither_fitting_nor_evaluation(in_rooms):
    above = {path for path in in_rooms if path.startswith("train/") and path.count("/") == 1}
    used = {
        (path, name)
        for path in above
        for name in imported(in_rooms[path])
        if name.startswith(("train.fitting", "train.evaluation"))
    }
    assert above
    assert used == set()


def test_a_wing_of_pipeline_knows_no_stage(in_rooms):
    wings = [path for path in in_rooms if path.startswith("pipeline/") and path.count("/") > 1]
    above = {
        f"pipeline.{path.split('/')[1].removesuffix('.py')}"
        for path in in_rooms
        if path.startswith("pipeline/") and path.count("/") == 1
    }
    used = {
        (path, name)
        for path in wings
        for name in imported(in_rooms[path])
        if name in above - {"pipeline.paths", "pipeline.params"}
    }
    assert wings
    assert used == set()


def test_a_checkpoint_is_read_without_models_or_stores(checkout):
    needless = ["timm", "torchvision", "zarr", "pydantic", "train.methods"]
    code = (
        "import sys, train.checkpoint; "
        f"print([name for name in {needless!r} if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_a_training_does_not_import_what_takes_seconds_and_it_needs_not(checkout):
    needless = ["timm", "torchvision", "torch._dynamo", "sympy", "polars", "matplotlib", "dask"]
    code = (
        "import sys, train.fitting.stage; from train.device import deterministic_mode\n"
        "with deterministic_mode(False): "
        f"print([name for name in {needless!r} if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_an_open_door_is_noticed():
    tree = ast.parse("def read():\n    from pipeline.align import align\n")
    assert {room_of(name) for name in imported(tree)} == {"pipeline"}


def test_what_anybody_may_import_imports_no_room(trees):
    light = [tree for path, tree in trees.items() if path.split("/")[0].split(".")[0] in LIGHT]
    assert len(light) > len(LIGHT)
    assert not {room_of(name) for tree in light for name in imported(tree)} & set(ROOMS)


def test_only_tests_import_tests(trees):
    importing = [
        path
        for path, tree in trees.items()
        if not path.startswith("tests/") and "tests" in map(room_of, imported(tree))
    ]
    assert importing == []


def test_no_test_file_imports_another(trees):
    importing = [
        (path, name)
        for path, tree in trees.items()
        for name in imported(tree)
        if name.startswith("tests.test_")
    ]
    assert importing == []


def test_importing_the_command_line_loads_nothing_heavy(checkout):
    code = f"import sys, cli; print([name for name in {HEAVY.split()!r} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_no_file_is_a_drawer_for_everything(in_rooms):
    drawers = {"utils", "util", "helpers", "common", "constants", "misc"}
    assert not {path.split("/")[-1].removesuffix(".py") for path in in_rooms} & drawers


def test_no_top_level_name_hides_a_dependency(checkout):
    tops = {path.stem for path in checkout.glob("*.py")} | {*ROOMS, "commands"}
    assert not tops & (
        set(sys.stdlib_module_names) | {"dlib", "mediapipe", "zarr", "dask", "torch"}
    )


def test_no_archive_is_unpacked_whole_and_no_checkpoint_runs_code(in_rooms):
    """What ruff's S rules and banned names cannot see: a method's name, a keyword's value."""
    dangerous = [
        (path, ast.unparse(call))
        for path, tree in in_rooms.items()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        if getattr(call.func, "attr", "") == "extractall"
        or ast.unparse(call.func) in {"torch.jit.load", "jit.load"}
        or any(word.arg == "weights_only" and not word.value.value for word in call.keywords)
    ]
    assert dangerous == []
