import re

from train.runs import git_revision


def test_the_revision_is_a_commit_or_unknown():
    assert re.fullmatch("[0-9a-f]{40}|unknown", git_revision())
