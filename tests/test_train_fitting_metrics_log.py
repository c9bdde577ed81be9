import json

from train.fitting.metrics_log import MetricsLog


def row(epoch, loss):
    return {"epoch": epoch, "step": int(10 * epoch), "train/loss": loss, "lr": 0.1}


def table(folder):
    lines = (folder / "plots/metrics/train/loss.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines]


def test_a_log_started_again_drops_the_rows_after_the_checkpoint(tmp_path):
    first = MetricsLog(tmp_path / "curves", [])
    for epoch, value in enumerate((0.1, 0.2, 0.3), start=1):
        first.log(row(epoch, value))
    MetricsLog(tmp_path / "curves", [row(1, 0.1)]).log(row(1.5, 0.5))
    assert table(tmp_path / "curves") == [["epoch", "loss"], ["1", "0.1"], ["1.5", "0.5"]]


def test_the_summary_holds_the_newest_row(tmp_path):
    log = MetricsLog(tmp_path / "curves", [row(1, 0.1)])
    log.log(row(2, 0.2))
    summary = json.loads((tmp_path / "curves/metrics.json").read_text())
    assert summary == {"epoch": 2, "step": 20, "train": {"loss": 0.2}, "lr": 0.1}


def test_what_an_interrupted_run_never_logged_again_is_gone(tmp_path):
    MetricsLog(tmp_path / "curves", [row(1, 0.1)])
    MetricsLog(tmp_path / "curves", [])
    assert list((tmp_path / "curves").iterdir()) == []
