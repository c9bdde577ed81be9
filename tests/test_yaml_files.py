"""Whatever stands in a params file is a value, or is refused by its key."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ProjectError, UsageError
from yaml_files import read_yaml


def read(folder, text):
    file = folder / "params.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(file)


@pytest.mark.parametrize("number", ["1e-3", "1.0e-3", "0.001"])
def test_a_small_number_is_a_number_however_it_is_written(tmp_path, number):
    assert read(tmp_path, f"train: {{lr: {number}}}") == {"train": {"lr": 0.001}}


@pytest.mark.parametrize("word", ["no", "off", "1:30", "y"])
def test_a_word_stays_a_word(tmp_path, word):
    assert read(tmp_path, f"train: {{name: {word}}}") == {"train": {"name": word}}


def test_a_byte_order_mark_is_ignored(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbftrain: {lr: 1}") == {"train": {"lr": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: {lr: 1, name: a, lr: 2}", "cannot be read.*lr"),
        ("train: {lr: 1, name: a}\ntrain: {lr: 2, name: b}", "cannot be read.*train"),
        ("train: {lr: !!python/object/apply:os.system [ls], name: a}", "cannot be read.*python"),
        ("train: {lr: .nan, name: a}", r"train\.lr: needs a finite number"),
        ("train: {lr: .inf, name: a}", r"train\.lr: needs a finite number"),
        ("train: {lr: 1, name: 2026-01-01}", r"train\.name: needs a word or a number.*quotes"),
        ("train: {lr: 1, name: &a b}\nalign: *a", "line 2 repeats a part"),
        ("train: {lr: 1, name: &a [*a, *a]}", "line 1 repeats a part"),
        ("7", "needs sections"),
        ("", "needs sections"),
        ("train: {lr: 1", "cannot be read"),
        ("\ttrain: 1", "cannot be read"),
        (b"train: {lr: 1, name: \xff}", "cannot be read"),
        (b"train: {lr: 1, name: a\0}", "cannot be read"),
        ("[" * 500, "nested too deeply"),
        ("#" * (1 << 20), "larger than 128 KiB"),
        ("a: [" + "1,\n" * 300_000 + "1]", "larger than 128 KiB"),
        ("a: " + "1" * 500_000, "larger than 128 KiB"),
        ("a: [" + "1,\n" * 40_000 + "1", "cannot be read"),
        ("a: " + "1" * 100_000, "cannot be read"),
        ("a: 0x" + "f" * 4_000, "a: needs a number with fewer digits"),
        ("%YAML 1.1\n---\ntrain: {lr: yes}", "line 1 is a directive"),
        ("%TAG ! tag:x,2000:\n---\ntrain: {lr: 1}", "line 1 is a directive"),
    ],
    ids=lambda given: str(given)[:30],
)
def test_what_is_no_value_is_refused_with_its_place(tmp_path, text, message):
    started = time.process_time()
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, text)
    assert caught.value.exit_code == 2
    assert "params.yaml" in str(caught.value)
    assert str(caught.value).isprintable()
    assert time.process_time() - started < 2


def test_a_few_lines_cannot_grow_into_gigabytes(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(UsageError, match="repeats a part"):
        read(tmp_path, "\n".join(lines))


@given(
    text=st.text(max_size=60) | st.text(alphabet="train:lname{}[],&*!|>-'\"\n 1.e#", max_size=60)
)
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    assert outcome(tmp_path_factory.getbasetemp(), text.encode("utf-8", "replace")) in (0, 2)


def outcome(folder, text):
    try:
        read(folder, text)
    except ProjectError as error:
        return error.exit_code
    return 0
