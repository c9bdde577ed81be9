import io

import rich.console

import progress


def test_off_a_terminal_a_line_says_how_far_how_fast_and_how_long_still(capsys, monkeypatch):
    now = iter([0.0, 0.0, 20.0, 25.0, 40.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.ProgressBar("align out") as bar:
        bar(2, 8, "ok 2")
        bar(3, 8, "too soon for another line")
        bar(8, 8, "")
    assert capsys.readouterr().err.splitlines() == [
        "align out: 2 of 8, 0.1/s, 0:01:00 left, ok 2",
        "align out: 8 of 8, 0.2/s, 0:00:00 left",
    ]


def test_what_was_done_before_does_not_count_in_the_rate(capsys, monkeypatch):
    now = iter([0.0, 0.0, 10.0, 30.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.ProgressBar("train out") as bar:
        bar(80, 100, "")
        bar(90, 100, "epoch 9")
    assert capsys.readouterr().err.splitlines()[-1] == (
        "train out: 90 of 100, 0.5/s, 0:00:20 left, epoch 9"
    )


HOSTILE = "m[/b] [red]a\x1b]0;title\x07\nstore: ok"


def test_a_name_gives_the_terminal_no_orders_and_is_no_markup(monkeypatch):
    screen, console = io.StringIO(), rich.console.Console
    monkeypatch.setattr(
        rich.console,
        "Console",
        lambda **_: console(file=screen, force_terminal=True, width=200, color_system=None),
    )
    with progress.ProgressBar(f"verify {HOSTILE}") as bar:
        bar(1, 2, HOSTILE)
    shown = screen.getvalue()
    assert shown.count("m[/b] [red]a\\x1b]0;title\\x07\\nstore: ok") >= 2
    assert "\x1b]" not in shown
    assert "\nstore" not in shown


def test_a_name_stays_on_its_line_off_a_terminal(capsys, monkeypatch):
    now = iter([0.0, 0.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.ProgressBar(HOSTILE) as bar:
        bar(1, 2, HOSTILE)
    line, *rest = capsys.readouterr().err.splitlines()
    assert (line.isprintable(), rest) == (True, [])
