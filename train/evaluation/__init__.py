"""Stage evaluate: from a trained run to its scores.

Files:
    agreement.py       CAM-COS, ATT-COS, baselines, selectivity
    artifacts.py       predictions, mean maps and sample faces beside the scores
    bootstrap.py       confidence intervals, by whole persons
    classification.py  accuracy, recall, confusion, calibration, chance level
    faithfulness.py    deletion and insertion
    map_similarity.py  similarities of maps, without enlarging them
    measure.py         one batch through a model: predictions and maps
    metrics.py         from measurements to scores.json
    stage.py           stages `evaluate` and `transfer`
"""
