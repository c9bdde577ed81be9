import json
import math
from dataclasses import asdict

from train.fitting.run_position import RunPosition


def test_the_best_accuracy_is_that_of_the_best_epoch():
    history = [{"val/accuracy": value} for value in (0.2, 0.6, 0.5)]
    assert RunPosition(history=history).best_accuracy() == 0.6
    assert RunPosition().best_accuracy() == -math.inf


def test_a_position_survives_json():
    position = RunPosition(1, 2, {"alignment": 0.1}, 2, 0, [], [{"lr": 1e-3}])
    assert RunPosition(**json.loads(json.dumps(asdict(position)))) == position
