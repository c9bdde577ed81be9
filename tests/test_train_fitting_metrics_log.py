from train.fitting.metrics_log import MetricsLog


def test_a_log_started_again_drops_the_rows_after_the_checkpoint(tmp_path):
    first = MetricsLog(tmp_path, [])
    for epoch, value in enumerate((0.1, 0.2, 0.3)):
        first.log(epoch, {"train/loss": value})
    MetricsLog(tmp_path, [{"train/loss": 0.1}]).log(1, {"train/loss": 0.5})
    rows = (tmp_path / "plots/metrics/train/loss.tsv").read_text().splitlines()[1:]
    assert [row.split("\t") for row in rows] == [["0", "0.1"], ["1", "0.5"]]
