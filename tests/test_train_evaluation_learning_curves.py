from train.evaluation.learning_curves import read_curves
from train.fitting.metrics_log import MetricsLog


def test_what_the_training_logged_is_read_back(tmp_path):
    log = MetricsLog(tmp_path / "curves", [])
    for epoch, value in enumerate((0.5, float("nan"), 0.25)):
        log.log({"epoch": epoch, "step": epoch, "train/loss": value, "val/accuracy": 1.0})
    curves = read_curves(tmp_path)
    assert list(curves) == ["train/loss", "val/accuracy"]
    assert (curves["train/loss"].epochs, curves["train/loss"].values) == ([0, 2], [0.5, 0.25])


def test_a_run_without_a_log_has_no_curves(tmp_path):
    assert read_curves(tmp_path) == {}
