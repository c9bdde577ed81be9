"""docs/extending.md: all its code is put into a copy of the checkout, and its commands are run."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap

import cv2
import numpy as np
import pytest

from demo.render import render
from pipeline.index import index
from store.reading import Store
from store.tables import read_rows, write_table
from tests.checkouts import copied
from tests.indexing import index_params

pytestmark = pytest.mark.slow

SECTIONS = {
    "A dataset": "pipeline/datasets/mylab.py",
    "A face backend": "pipeline/faces/backends/dlib_cnn.py",
    "A heatmap kind": "anatomy/whole_face.py",
    "A head": "train/methods/weighed.py",
    "A method": None,
    "A CAM method": None,
    "A loss": None,
}
"""Heading -> the new file that its words name."""
COMMAND = ("ln ", "python cli.py ")


def parts(checkout):
    """The page's sections, by heading."""
    head, *sections = (checkout / "docs" / "extending.md").read_text().split("\n## ")
    assert head.startswith("# ")
    return dict(section.split("\n", 1) for section in sections)


def blocks(section):
    found = re.findall(r"(?:^(?:    .*)?\n)+", section, re.MULTILINE)
    return [textwrap.dedent(block).strip() + "\n" for block in found if block.strip()]


def commands(checkout, heading):
    (block,) = [one for one in blocks(parts(checkout)[heading]) if one.startswith(COMMAND)]
    return block.splitlines()


def is_change(block):
    return re.search(r"^[+-] ", block, re.MULTILINE) is not None


def change(folder, block):
    """Do what a block says: a file's name, lines that are there (two spaces), to add, to take.

    A line is found by its beginning, below the one before it. What is added stands below the line
    before it; where that is the file's name, above the line after it.
    """
    for name, told in re.findall(r"^(\S+\.\w+)\n((?:[ +-].*\n|\+\n)+)", block, re.MULTILINE):
        lines = (folder / name).read_text().splitlines()
        at = place(lines, next(line for line in told.splitlines() if line[0] != "+"), 0)
        for line in told.splitlines():
            if line[0] == "+":
                lines.insert(at, line[2:])
            else:
                at = place(lines, line, at)
            if line[0] == "-":
                del lines[at]
            else:
                at += 1
        (folder / name).write_text("\n".join(lines) + "\n")


def place(lines, told, after):
    return next(at for at in range(after, len(lines)) if lines[at].startswith(told[2:]))


@pytest.fixture(scope="module")
def extended(checkout, tmp_path_factory):
    """A copy of the checkout with all that the page adds; small numbers."""
    folder = copied(checkout, tmp_path_factory.mktemp("extended"))
    for heading, section in parts(checkout).items():
        for block in blocks(section):
            if is_change(block):
                change(folder, block)
            elif not block.startswith(COMMAND):
                (folder / SECTIONS[heading]).write_text(block)
    return folder


@pytest.fixture
def said(extended, tmp_path, tiny):
    """A function that runs a command on small stores, and returns what it said."""
    for kind, store in (
        ("faces/demo", tiny.faces),
        ("landmarks/demo", tiny.landmarks),
        ("heatmaps/demo/au", tiny.heatmaps),
    ):
        (tmp_path / "data" / kind).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / kind).symlink_to(store)
    (tmp_path / "data/raw").mkdir()
    shutil.copy(extended / "params.yaml", tmp_path)

    def said(line):
        words = [sys.executable if word == "python" else word for word in shlex.split(line)]
        words = [str(extended / word) if word == "cli.py" else word for word in words]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return said


@pytest.fixture
def run(checkout, said):
    """A function that runs a section's commands, with other places for some that they name."""

    def run(heading, places=()):
        lines = commands(checkout, heading)
        for place, other in dict(places).items():
            lines = [line.replace(place, str(other)) for line in lines]
        return "".join(said(line) for line in lines)

    return run


def listed(folder, method):
    """List one method; the page's two examples list different ones."""
    text = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(
        re.sub(r"\n  methods: .*", f"\n  methods: [{method}]", text)
    )


def curves(run):
    return {f"train/{file.stem}" for file in (run / "curves/plots/metrics/train").iterdir()}


def test_every_section_is_tried_and_short(checkout):
    lengths = {
        heading: sum(bool(line) for line in text.splitlines())
        for heading, text in parts(checkout).items()
    }
    assert lengths.keys() == SECTIONS.keys()
    assert max(lengths.values()) < 50


def test_what_is_added_is_written_as_the_house_writes(checkout, extended):
    for heading, path in SECTIONS.items():
        assert path is None or f"ew file `{path}`" in parts(checkout)[heading]
    for file in (extended / path for path in SECTIONS.values() if path is not None):
        assert f"\n    {file.name} " in (file.parent / "__init__.py").read_text()
    # Not where imports stand: that changes whenever a neighbour comes.
    for verb in (["format", "--check"], ["check", "--extend-ignore", "I001"]):
        ruff = [sys.executable, "-m", "ruff", *verb, "anatomy", "pipeline", "train"]
        done = subprocess.run(ruff, cwd=extended, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_the_dataset_is_known_by_its_files_and_listed(run, tmp_path):
    received, rng = tmp_path / "received", np.random.default_rng(0)
    received.mkdir()
    (received / "sessions.txt").touch()
    for person in (f"P{number:02}" for number in range(7, 27)):  # enough for three splits
        for name in ("AN_39", "DI_42", "NE_26"):
            noise = rng.integers(0, 256, (32, 32), np.uint8)
            cv2.imwrite(str(received / f"{person}_{name}.png"), noise)
    said = run("A dataset", {"/data/mylab": received})
    assert "looks like mylab: it has sessions.txt" in said
    samples = read_rows(tmp_path / "data/index/mylab/samples.csv")
    found = [(row["id"], row["expression"], row["person"]) for row in samples]
    assert found[:2] == [("P07_AN_39.png", "Anger", "P07"), ("P07_DI_42.png", "Disgust", "P07")]
    assert len({(row["person"], row["split"]) for row in samples}) == 20


@pytest.mark.face_tool
def test_the_backend_finds_every_face(run, tmp_path):
    raw = tmp_path / "data/raw/demo"
    raw.mkdir()
    for number in range(3):
        image, _ = render(0, number, number, 256)
        cv2.imwrite(str(raw / f"{number}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    rows = [{"file": f"{number}.png", "expression": "fear"} for number in range(3)]
    write_table(raw / "labels.csv", ("file", "expression"), rows)
    index(raw, tmp_path / "data/index/demo", index_params(), lambda done, total, note: None)
    (tmp_path / "data/faces/demo").unlink()
    run("A face backend")
    table = Store(tmp_path / "data/faces/demo").rows()
    assert [(row["status"], row["backend"]) for row in table] == [("ok", "dlib_cnn")] * 3


def test_the_kind_is_drawn_and_seen(run, tmp_path):
    run("A heatmap kind")
    store = Store(tmp_path / "data/heatmaps/demo/whole_face")
    assert store.metadata["options"] == {"rim_px": 8.0}
    assert store.array("valid").load().all()
    maps = store.array("map").load()
    middle, border = maps.shape[1] // 2, maps[:, [0, -1]]
    assert (maps[:, middle, middle] > 250).all()
    assert (border < 128).all()
    assert (tmp_path / "sheets/sheet-001.png").is_file()


def test_the_method_is_trained_with_its_numbers(run, tmp_path):
    listed(tmp_path, "weighed")
    run("A method")
    described = json.loads((tmp_path / "runs/weighed/run.json").read_bytes())
    assert described["params"]["head"] == {"width": 64}
    assert "train/alignment" in curves(tmp_path / "runs/weighed")


def test_a_run_is_read_with_the_readout(run, said, tmp_path):
    listed(tmp_path, "cam")
    said("python cli.py plan data/faces/demo data/heatmaps/demo plans/demo --dataset demo")
    said(
        "python cli.py train data/faces/demo data/landmarks/demo data/heatmaps/demo "
        "plans/demo/cam/plain.yaml runs/demo/cam/plain/seed0 --repeat seed0"
    )
    assert "CAM-COS 0." in run("A CAM method")
    scores = json.loads((tmp_path / "results/demo/cam/eigencam/seed0/scores.json").read_bytes())
    assert scores["cam_method"] == "eigencam"


def test_the_loss_has_a_curve(run, tmp_path):
    listed(tmp_path, "cam_robust")
    run("A loss")
    assert {"train/cross_entropy", "train/absolute_error"} <= curves(tmp_path / "runs/robust")
