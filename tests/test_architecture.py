import ast
import subprocess
import sys

import pytest

ROOMS = ("anatomy", "demo", "store", "pipeline", "train", "explain", "report")
DOORS = {
    "anatomy": set(),
    "demo": {"store", "anatomy", "pipeline"},
    "store": set(),
    "pipeline": {"store", "anatomy"},
    "explain": {"store", "anatomy", "pipeline", "train", "report"},
    "train": {"store", "anatomy"},
    "report": {"store", "anatomy"},
}
FACE_TOOLS = {"mediapipe", "dlib", "cv2", "PIL"}
FORBIDDEN = {
    "demo": {"torch", "timm", "torchvision"},
    "explain": {"dask", "distributed"},
    "anatomy": {"torch", "zarr", "dask", "distributed", "mediapipe", "dlib", "PIL"},
    "store": {"torch", "cv2", "mediapipe", "dlib", "PIL"},
    "pipeline": {"torch", "timm", "torchvision"},
    "train": {*FACE_TOOLS, "dask", "distributed"},
    "report": {*FACE_TOOLS, "torch", "timm", "dask", "distributed"},
}
HEAVY = "torch mediapipe dlib cv2 zarr dask distributed h5py dvclive matplotlib pydantic numpy"


def imported(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_opens_only_its_doors(checkout, room):
    closed = {*ROOMS, "cli", "commands", "params"} - DOORS[room] - {room}
    used = {
        (file.relative_to(checkout).as_posix(), name)
        for file in (checkout / room).rglob("*.py")
        for name in imported(file)
        if name in closed | FORBIDDEN[room]
    }
    assert used == set()


def test_an_open_door_is_noticed(tmp_path):
    file = tmp_path / "feed.py"
    file.write_text("def read():\n    from pipeline.align import align\n")
    assert set(imported(file)) == {"pipeline"}


def test_errors_imports_no_room(checkout):
    assert not set(imported(checkout / "errors.py")) & set(ROOMS)


def test_importing_the_command_line_loads_nothing_heavy(checkout):
    code = f"import sys, cli; print([name for name in {HEAVY.split()!r} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_no_file_is_a_drawer_for_everything(checkout):
    drawers = {"utils", "util", "helpers", "common", "constants", "misc"}
    names = {file.stem for room in ROOMS for file in (checkout / room).rglob("*.py")}
    assert not names & drawers


def test_no_top_level_name_hides_a_dependency(checkout):
    tops = {path.stem for path in checkout.glob("*.py")} | {*ROOMS, "commands"}
    assert not tops & (
        set(sys.stdlib_module_names) | {"dlib", "mediapipe", "zarr", "dask", "torch"}
    )


@pytest.mark.parametrize(
    "name", ["imread", "extractall", "mktemp", "eval", "exec", "weights_only=False", "shell=True"]
)
def test_dangerous_calls_occur_nowhere(checkout, name):
    pattern = f"{name}(" if "=" not in name else name
    for room in ROOMS:
        for file in (checkout / room).rglob("*.py"):
            calls = [
                ast.unparse(node)
                for node in ast.walk(ast.parse(file.read_text()))
                if isinstance(node, ast.Call)
            ]
            names = [
                call
                for call in calls
                if call.startswith(pattern)
                or f".{name}(" in call.split("(")[0] + "("
                or ("=" in name and name in call)
            ]
            assert not [call for call in names if ".eval(" not in call], file


def test_pictures_are_opened_in_one_place(checkout):
    places = {
        file.relative_to(checkout).as_posix()
        for room in ROOMS
        for file in (checkout / room).rglob("*.py")
        if "Image.open(" in file.read_text()
    }
    assert places == {"pipeline/faces/decode.py"}
