"""Stages about things before faces, as commands."""

from click.testing import CliRunner

from cli import main


def test_the_stages_are_commands_with_their_inputs():
    usage = CliRunner().invoke(main, ["occlude", "--help"]).output
    assert "occlude [OPTIONS] FACES OUT" in usage
