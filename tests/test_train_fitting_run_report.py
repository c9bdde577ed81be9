import json

import pytest

from train.fitting import run_report
from train.fitting.run_report import RunReport


@pytest.fixture
def clock(monkeypatch):
    """A list whose last number is the time."""
    now = [0.0]
    monkeypatch.setattr(run_report.time, "monotonic", lambda: now[-1])
    return now


@pytest.fixture
def report(clock, tmp_path):
    """A report of 100 steps in ten epochs, and the lines it says."""
    said = []
    return RunReport(tmp_path, lambda *progress: None, said.append, 100, 16, 10), said


def row(epoch, accuracy):
    return {"epoch": epoch, "step": epoch * 10, "train/loss": 1.5, "val/accuracy": accuracy}


def test_the_time_is_estimated_from_the_first_steps(report, clock):
    made, said = report
    made.start(0, "560 faces")
    for done in range(1, 31):
        clock.append(100.0 if done == 1 else clock[-1] + 2)
        made.step(done, {"loss": 1.0})
    assert said == [
        "560 faces",
        "about 0:02:36 to go: 20 steps took 2 s each (validation comes on top)",
    ]


def test_a_validation_is_one_line(report, clock):
    made, said = report
    made.start(0, "560 faces")
    clock.append(50.0)
    made.validated(20, row(2, 0.5), row(1, 0.625), "val/accuracy")
    assert said[1] == (
        "epoch 2 of 10: train/loss 1.5, val/accuracy 0.5; best val/accuracy 0.625 at epoch 1; "
        "6 faces/s, 0:03:20 left"
    )


@pytest.mark.parametrize(("done", "words"), [(100, "epochs: "), (60, "of 10, stopped early: ")])
def test_the_end_says_what_is_kept_and_whether_it_came_early(report, clock, done, words):
    made, said = report
    made.start(0, "560 faces")
    clock.append(61.0)
    made.finish(done, [row(done // 10, 0.5)], row(3, 0.75), "val/accuracy")
    assert words in said[-1]
    assert "val/accuracy 0.75 at epoch 3 is kept as best; 0:01:01" in said[-1]


def test_a_resumed_run_says_from_where_and_leaves_earlier_steps_out_of_its_rate(report, clock):
    made, said = report
    made.start(50, "560 faces")
    assert said == ["560 faces, from step 50 of 100"]
    clock.append(10.0)
    made.write(60)
    assert json.loads((made.folder / "progress.json").read_text())["rate"] == 1.0
