"""What `use` and `preset` write into params.yaml: only what changes, and only what is legal."""

import shutil
import subprocess
from pathlib import Path

import pytest

from errors import UsageError
from params import load
from params.editing import apply_preset, presets, restore_numbers, use_dataset


@pytest.fixture
def file(tmp_path, checkout):
    return Path(shutil.copy(checkout / "params.yaml", tmp_path))


@pytest.fixture
def preset(tmp_path):
    """A function that writes a preset."""

    def write(text):
        (tmp_path / "mine.yaml").write_text(f"# Mine, for a test.\n{text}")
        return tmp_path / "mine.yaml"

    return write


def test_a_preset_is_listed_with_its_first_line(preset):
    assert presets(preset("").parent)["mine"] == "Mine, for a test."


def test_a_preset_says_what_it_changes_and_a_second_time_nothing(file, preset):
    mine = preset("train:\n  epochs: 3\n  augment: {flip_p: 0.5}\nmatrix: {kinds: [au]}\n")
    shipped = load(file).train.epochs
    assert apply_preset(file, mine) == [
        f"train.epochs: {shipped} -> 3",
        "matrix.kinds: ['au', 'landmarks'] -> ['au']",
    ]
    assert load(file).train.epochs == 3
    assert apply_preset(file, mine) == []


def test_a_preset_may_add_what_differs_for_a_method_or_a_variant(file, preset):
    changes = apply_preset(
        file,
        preset("methods: {cam: {epochs: 3}}\nvariants: {l4: {alignment: {weight: 4}}, l: {}}\n"),
    )
    assert changes == [
        "methods.cam.epochs: not set -> 3",
        "variants.l4.alignment.weight: not set -> 4",
        "variants.l: not set -> {}",
    ]
    assert load(file).training("demo", "cam", "l4").params.alignment.weight == 4


def test_everything_but_the_changed_line_stays_as_it_is(file, preset):
    before, shipped = file.read_text().splitlines(), load(file).train.epochs
    apply_preset(file, preset("train: {epochs: 30}\n"))
    after = file.read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [(f"  epochs: {shipped}", "  epochs: 30")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train:\n  epochs: 3\n  epoch: 3\n", r"train\.epoch: is missing"),
        ("methods: {cam: {epoch: 3}}\n", r"methods\.cam.*epoch"),
        ("train: {epochs: 0}\n", r"train\.epochs: input should be greater than or equal to 1"),
        ("matrix: {kinds: [landmarks]}\n", r"variants\.aligned.*is au, which is not drawn"),
        ("train: {lr: .nan}\n", r"train\.lr: needs a finite number"),
    ],
)
def test_nothing_is_written_if_the_result_is_illegal(file, preset, text, message):
    before = file.read_bytes()
    with pytest.raises(UsageError, match=message):
        apply_preset(file, preset(text))
    assert file.read_bytes() == before


@pytest.fixture
def committed(file):
    """params.yaml in a git checkout of its own, as shipped."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", file.name], ["commit", "-qm", "Start"]):
        subprocess.run([*git, *words], cwd=file.parent, check=True)
    return file


def test_restoring_puts_numbers_back_and_keeps_datasets_that_no_commit_has(committed, preset):
    use_dataset(committed, "mine", "folder")
    with_mine = load(committed)
    apply_preset(committed, preset("train: {epochs: 3}\nmatrix: {methods: [wildcat]}\n"))
    apply_preset(
        committed, preset("datasets: {demo: {train: {epochs: 4}}, mine: {align: {grey: true}}}\n")
    )
    text = committed.read_text().replace("    val: 0.1 ", "    val: 0.3 ")
    committed.write_text(text.replace("scn:\n", "scn:\n    lr: 0.5\n"))
    changed = restore_numbers(committed)
    assert f"train.epochs: 3 -> {with_mine.train.epochs}" in changed
    assert "methods.scn.lr: 0.5 -> null" in changed
    restored = load(committed)
    assert restored.train == with_mine.train
    assert restored.methods == with_mine.methods
    assert restored.matrix == with_mine.matrix
    assert restored.dataset("mine").reader == "folder"
    assert restored.align_of("mine").grey  # it was never committed, so nothing could bring it back
    assert restored.train_of("demo", "cam").epochs == with_mine.train.epochs
    assert restored.dataset("demo").val == 0.3
    assert restore_numbers(committed) == []


def test_restoring_brings_back_every_comment_of_the_numbers(committed, preset):
    before = committed.read_text()
    apply_preset(committed, preset("train: {epochs: 3}\n"))
    restore_numbers(committed)
    assert committed.read_text() == before


def test_restoring_what_git_does_not_have_leaves_the_file_alone(file):
    before = file.read_bytes()
    with pytest.raises(UsageError, match="git has no earlier version"):
        restore_numbers(file)
    assert file.read_bytes() == before


def test_permissions_stay_and_a_link_stays_a_link(file, tmp_path):
    file.chmod(0o600)
    link = tmp_path / "elsewhere.yaml"
    link.symlink_to(file)
    use_dataset(link, "mine", "folder")
    assert link.is_symlink()
    assert load(file).matrix.datasets == ("mine",)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_dataset_that_is_used_gets_a_section_like_that_of_the_demo(file):
    use_dataset(file, "mine", "folder")
    params = load(file)
    assert params.matrix.datasets == ("mine",)
    assert params.matrix.made == ()
    assert params.dataset("mine") == params.dataset("demo").model_copy(update={"reader": "folder"})


def test_the_demo_can_be_used_again(file):
    shipped = load(file)
    use_dataset(file, "mine", "folder")
    use_dataset(file, "demo", "demo")
    assert load(file).matrix == shipped.matrix


def test_a_dataset_in_use_that_has_no_section_can_be_used(file):
    file.write_text(file.read_text().replace("datasets: [demo]", "datasets: [mine]"))
    use_dataset(file, "mine", "csv")
    assert load(file).dataset("mine").reader == "csv"


@pytest.mark.parametrize("name", ["a b", "../a", "a.b", ""])
def test_a_name_that_no_folder_should_have_is_refused(file, name):
    with pytest.raises(UsageError, match="is no name for a dataset"):
        use_dataset(file, name, "csv")
