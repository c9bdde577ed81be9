"""docs/troubleshooting.md is true: every exit code is provoked, and every remedy can be had."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

import cli
import errors
from cli import main
from store.records import Status
from tests.networks import scratch
from tests.planned import planned

KINDS = (errors.ProjectError, *errors.ProjectError.__subclasses__())
CODES = {kind.code: kind.exit_code for kind in KINDS}
LABELS = "file,label\na.jpg,puzzled\n"
FAILING = "import {0}\ndef fail(*given): raise {1}\n{0}.{2} = fail\n"
TRAIN = "train faces landmarks maps plan.yaml out --repeat seed0 --device cpu"


def usage(folder):
    changed(folder, "min_inside_fraction:", "min_inside_fracton:")
    return "", ("align", "index", "out")


def data(folder):
    (folder / "raw").mkdir()
    (folder / "raw" / "labels.csv").write_text(LABELS)
    changed(folder, "reader: demo", "reader: csv")
    return "", ("index", "raw", "demo")


def noinput(folder):
    return "", ("heatmap", "nothing", "out", "--kind", "au")


def resource(folder):
    return FAILING.format("params", "MemoryError", "load"), ("report", "results", "pages")


def cantcreat(folder):
    (folder / "out").mkdir()
    (folder / "out" / "notes.txt").write_text("mine")
    return "", ("heatmap", "landmarks", "out", "--kind", "au")


def io(folder):
    return "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n", (
        *("export", "landmarks", "points.h5"),
    )


def tempfail(folder):
    return "import pipeline.execution.cluster\npipeline.execution.cluster._ANSWER_WITHIN_S = 1\n", (
        *("heatmap", "landmarks", "out", "--kind", "au", "--scheduler", "tcp://127.0.0.1:9"),
    )


def corrupt(folder):
    (shard,) = (folder / "landmarks" / "data.zarr" / "points").glob("c.0*")
    shard.chmod(0o644)
    shard.write_bytes(bytes(100) + shard.read_bytes()[100:])
    return "", ("verify", "--deep", "landmarks")


def noperm(folder):
    refused = "PermissionError(13, 'Permission denied', 'maps')"  # root may write everywhere
    return FAILING.format("os", refused, "mkdir"), (
        *("heatmap", "landmarks", "maps/au", "--kind", "au", "--workers", "0"),
    )


def diverged(folder):
    shipped = scratch().training("demo", "cam", "plain").params
    planned(folder / "plan.yaml", shipped.model_copy(update={"lr": 1e30, "image_px": 32}))
    return "", tuple(TRAIN.split())


def bug(folder):
    return FAILING.format("params", "ZeroDivisionError", "load"), ("report", "results", "pages")


PROVOKED = {
    **{"USAGE": usage, "DATA": data, "NOINPUT": noinput, "RESOURCE": resource, "IO": io},
    **{"CANTCREAT": cantcreat, "TEMPFAIL": tempfail, "CORRUPT": corrupt, "NOPERM": noperm},
    **{"DIVERGED": diverged, "BUG": bug},
}


def changed(folder, before, after):
    file = folder / "params.yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


@pytest.fixture
def folder(checkout, tiny, tmp_path):
    """A folder of parameters and small stores, which a command runs in."""
    for name in ("faces", "landmarks", "heatmaps"):
        shutil.copytree(getattr(tiny, name), tmp_path / name)
    shutil.copy(checkout / "params.yaml", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("word", CODES)
def test_the_code_comes_with_its_message_on_one_line(word, checkout, folder):
    before, arguments = PROVOKED[word](folder)
    ended = subprocess.run(
        [sys.executable, "-c", f"{before}\nimport cli\ncli.run_safely()", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(checkout), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == CODES[word], ended.stderr
    assert f"error[{word}] " in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def page(checkout):
    return (checkout / "docs" / "troubleshooting.md").read_text()


def rows(page):
    """The cells of the page's table: exit code, word, when, what to do."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_no_two_kinds_of_error_share_a_code():
    assert len(set(CODES.values())) == len(KINDS)


def test_every_kind_of_error_has_its_row_and_its_remedy(page):
    told = {word: (code, when, remedy) for code, word, when, remedy in rows(page) if word}
    assert {word: int(code) for word, (code, _, _) in told.items()} == CODES
    assert all(when and remedy for _, when, remedy in told.values())


@pytest.mark.parametrize("source", [cli, errors])
def test_every_code_is_listed_where_the_code_is_read(source):
    assert {str(code) for code in CODES.values()} <= set(re.findall(r"\d+", source.__doc__))


def test_every_command_that_the_page_names_is_one(page):
    named = [one.split() for one in re.findall(r"`(?:python cli.py )?([a-z].*?)`", page)]
    named = [words for words in named if words[0] in main.commands]
    assert {"verify", "repair", "status", "clean", "index", "explain"} <= {one[0] for one in named}
    for command, *options in named:
        known = {name for option in main.commands[command].params for name in option.opts}
        assert {word for word in options if word.startswith("-")} <= known
    assert all(word in main.commands for word in re.findall(r"cli\.py (\w+)", page))


def test_every_option_and_key_that_the_page_names_is_one(page, checkout):
    whole = yaml.safe_load((checkout / "params.yaml").read_text())
    options = {
        name for command in main.commands.values() for one in command.params for name in one.opts
    }
    assert set(re.findall(r"`(--[a-z]+)`", page)) <= options
    assert set(re.findall(r"`([a-z]+_[a-z_]+)`", page)) <= {*keys(whole), *Status}
    places = re.findall(rf"`((?:{'|'.join(whole)})\.[a-z_.<>]+)(?:: \w+)?`", page)
    assert len(places) > 8
    for place in places:
        section = whole
        for key in place.replace("<ds>", "demo").split("."):
            section = section[key]


def keys(section):
    for key, value in section.items():
        yield key
        if isinstance(value, dict):
            yield from keys(value)


def test_every_status_of_a_row_is_explained(page):
    assert {f"`{status}`" for status in Status if status is not Status.OK} <= set(
        re.findall(r"`\w+`", page)
    )
