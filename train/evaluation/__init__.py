"""Stage evaluate: from a trained run to its scores.

Files:
    artifacts.py       predictions, mean maps and sample faces beside the scores
    batch.py           one batch through a model: predictions and maps
    bootstrap.py       confidence intervals, by whole persons
    classification.py  accuracy, recall, confusion, calibration, chance level
    faithfulness.py    deletion and insertion
    map_similarity.py  similarities of maps, without enlarging them
    metrics.py         from measurements to scores.json: ATT-COS, CAM-COS, baselines, selectivity
    targets.py         AU maps to compare with, drawn where the model is
    stage.py           stages `evaluate` and `transfer`
"""
