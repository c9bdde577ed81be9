import os
import re
import subprocess

import pytest
from ruamel.yaml import YAML

REQUIREMENT = re.compile(r"^([A-Za-z0-9_.\-]+)(\[[^\]]*\])?([=<>!~][^#;]*)?\s*(#.*)?$")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def locked(checkout):
    lines = (checkout / "requirements.lock").read_text().splitlines()
    return {normal(line.split("==")[0]) for line in lines if re.match(r"[A-Za-z]", line)}


@pytest.fixture(scope="module")
def chosen(checkout):
    lines = (checkout / "requirements.in").read_text().splitlines()
    return [REQUIREMENT.match(line) for line in lines if re.match(r"[A-Za-z]", line)]


@pytest.fixture(scope="module")
def graph(checkout):
    return YAML(typ="safe").load(checkout / "dvc.yaml")


@pytest.fixture(scope="module")
def params(checkout):
    return YAML(typ="safe").load(checkout / "params.yaml")


def test_every_chosen_package_is_locked(chosen, locked):
    assert {normal(line[1]) for line in chosen} <= locked


def test_every_line_of_the_lock_is_pinned_and_hashed(checkout):
    text = (checkout / "requirements.lock").read_text()
    packages = re.findall(r"^[A-Za-z][^\n]*", text, re.MULTILINE)
    assert all("==" in line and line.endswith("\\") for line in packages)


@pytest.mark.parametrize(
    "file", ["requirements.lock", "requirements.in", "Makefile", "environment.yml", "Dockerfile"]
)
def test_no_index_address_is_written_down(checkout, file):
    assert not re.search(
        r"https?://|index-url", (checkout / file).read_text().replace("--no-emit-index-url", "")
    )


def test_one_package_brings_cv2(locked):
    assert {name for name in locked if name.startswith("opencv")} == {
        "opencv-contrib-python-headless"
    }


def test_conda_brings_a_python_that_the_lock_is_made_for(checkout):
    wanted = YAML(typ="safe").load(checkout / "environment.yml")["dependencies"]
    assert next(line for line in wanted if line.startswith("python=")) in (
        "python=3.11",
        "python=3.12",
    )
    assert {"pip", "make"} <= set(wanted)


def test_conda_names_no_version_that_the_lock_does_not(checkout, locked):
    wanted = YAML(typ="safe").load(checkout / "environment.yml")["dependencies"]
    names = {normal(re.split("[=<>]", line)[0]) for line in wanted}
    assert not names & locked


def test_analytics_and_update_checks_are_off(checkout):
    config = (checkout / ".dvc" / "config").read_text()
    assert "analytics = false" in config
    assert "check_update = false" in config


def test_stage_command_and_section_share_one_word(graph, params):
    from cli import main

    assert set(graph["stages"]) <= set(main.commands)
    without_numbers = {"plan", "transfer"}  # of their own: those of `train` and `evaluate`
    assert set(graph["stages"]) - without_numbers <= set(params)


def test_every_stage_calls_its_own_command(graph):
    assert all(
        stage["cmd"].startswith(f"python cli.py {name} ") for name, stage in graph["stages"].items()
    )


def test_no_output_persists_through_a_rebuild(graph):
    outputs = [out for stage in graph["stages"].values() for out in stage["outs"]]
    assert all(isinstance(out, str) for out in outputs)


def test_every_published_method_has_its_section(params):
    from train.methods import METHODS

    assert set(params["methods"]) == set(METHODS)


def test_the_hook_before_a_commit_is_make_check(checkout):
    config = YAML(typ="safe").load(checkout / ".pre-commit-config.yaml")
    (hook,) = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert hook["entry"] == "make check"


def test_github_runs_what_ci_runs(checkout):
    config = YAML(typ="safe").load(checkout / ".github" / "workflows" / "ci.yml")
    steps = config["jobs"]["test"]["steps"]
    assert steps[-1]["run"] == ".ci/run"
    assert os.access(checkout / ".ci" / "run", os.X_OK)


def test_the_citation_names_software_and_paper(checkout):
    citation = YAML(typ="safe").load(checkout / "CITATION.cff")
    (paper,) = citation["references"]
    assert {"cff-version", "title", "message", "authors"} <= citation.keys()
    assert paper["identifiers"][0]["value"] == "arXiv:2402.00281"


@pytest.fixture(scope="module")
def dockerfile(checkout):
    """The instructions of the Dockerfile, which is not built here, each on one line."""
    text = re.sub(r"^#.*\n", "", (checkout / "Dockerfile").read_text(), flags=re.MULTILINE)
    return [line.split(maxsplit=1) for line in text.replace("\\\n", "").splitlines() if line]


def test_the_dockerfile_consists_of_instructions(dockerfile):
    known = {"FROM", "ARG", "RUN", "WORKDIR", "COPY", "ENV", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in dockerfile} == known
    assert dockerfile[0][0] == "FROM"


def test_the_shell_of_the_dockerfile_is_well_formed(dockerfile):
    for command in [rest for word, rest in dockerfile if word == "RUN"]:
        subprocess.run(["sh", "-n"], input=command, text=True, check=True)


def test_the_image_for_a_cpu_drops_cuda_and_nothing_else(checkout, dockerfile, locked):
    script = next(rest for _, rest in dockerfile if "requirements.lock > " in rest)
    expression = re.search(r"cpu\) sed '([^']*)'", script)[1]
    kept = subprocess.run(
        ["sed", expression, checkout / "requirements.lock"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = {
        normal(line.split("==")[0]) for line in kept.splitlines() if re.match("[A-Za-z]", line)
    }
    dropped = locked - names
    assert {"torch", "torchvision", "triton", "nvidia-cudnn-cu13"} <= dropped
    assert all(re.match("torch(vision)?$|triton|nvidia|cuda", name) for name in dropped)
    assert {"torchcam", "torchmetrics"} <= names
