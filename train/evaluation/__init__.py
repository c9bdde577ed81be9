"""Stage evaluate: from a trained run to its scores.

Files:
    artifacts.py          predictions, mean maps and sample faces beside the scores
    batch.py              one batch through a model: predictions and maps
    faithfulness.py       deletion and insertion
    finished.py           what scores depend on, whether they are there, without torch
    hiding.py             what hiding parts of the picture does, on a few faces
    imported.py           what is scored and said of runs that AULens did not train
    learning_curves.py    the learning curves of a run
    map_similarity.py     similarities of maps, without enlarging them
    metrics.py            the numbers per face that scores follow from
    networks.py           what is evaluated, and how it makes a map of a class
    own_units.py          action units coded on each face, and those of another face
    occlusion.py          which faces are occluded: an attribute
    region_importance.py  what hiding the region of each action unit costs
    results.py            what an evaluation writes
    split.py              the faces of a split, batch by batch
    stage.py              stages `evaluate` and `transfer`
    targets.py            AU maps to compare with, drawn where the model is
"""
