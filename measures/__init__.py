"""From numbers per face to scores, for stage `evaluate` and for the report. numpy only.

Files:
    agreement.py       ATT-COS, CAM-COS, baselines, AU shares, averaged
    bootstrap.py       confidence intervals, by whole persons
    classification.py  accuracy, recall, confusion, calibration, chance level
    detection.py       how well scores tell positives from the rest
    faces.py           the numbers per face, as stage `evaluate` writes them
    hidden_regions.py  what hiding the region of each action unit costs
    own_units.py       agreement with the action units coded on each face
    pixel_curves.py    faithfulness: deletion and insertion, against a random order
    repeats.py         several repeats: mean, standard deviation, paired differences
    scores.py          all scores that follow from the numbers per face
    soft_labels.py     against the shares of several people's labels
    valence_arousal.py  how well valence and arousal are predicted
"""
