"""Errors that a user can mend: codes, messages and near misses."""

import pytest

from errors import ProjectError, UsageError, did_you_mean, pick, printable


def test_every_branch_has_its_own_exit_code_and_word():
    branches = ProjectError.__subclasses__()
    assert len({branch.exit_code for branch in branches}) == len(branches) == 10
    assert len({branch.code for branch in branches}) == len(branches)


def test_a_message_names_its_code_its_place_and_what_to_do():
    assert str(UsageError("params.yaml: seed", "is no number.")) == (
        "error[USAGE] params.yaml: seed: is no number."
    )


def test_a_file_name_cannot_forge_a_line():
    assert printable("a\nerror[IO] b\x1b\udcff") == "a\\nerror[IO] b\\x1b\\udcff"


def test_a_near_miss_is_suggested_and_nothing_else():
    assert did_you_mean("gradcm", ["cam", "gradcam"]) == " Did you mean 'gradcam'?"
    assert did_you_mean("zzz", ["cam"]) == ""


def test_pick_returns_the_member_or_names_the_known_ones():
    assert pick({"cam": 1}, "cam", "method") == 1
    with pytest.raises(UsageError, match=r"no method 'can'; known: cam, lime\. Did you mean 'cam'"):
        pick({"lime": 2, "cam": 1}, "can", "method")


def test_a_name_within_a_message_forges_no_line():
    error = UsageError("a\nb", "no picture 'x\nerror[IO] \x1b[31m'.")
    assert str(error).isprintable()
