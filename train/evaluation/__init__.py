"""Stage evaluate: from a trained run to its scores.

Files:
    artifacts.py          predictions, mean maps and sample faces beside the scores
    batch.py              one batch through a model: predictions and maps
    faithfulness.py       deletion and insertion
    imported.py           what is scored and said of runs that AULens did not train
    learning_curves.py    the learning curves of a run
    map_similarity.py     similarities of maps, without enlarging them
    metrics.py            the numbers per face that scores follow from
    region_importance.py  what hiding the region of each action unit costs
    targets.py            AU maps to compare with, drawn where the model is
    stage.py              stages `evaluate` and `transfer`
"""
