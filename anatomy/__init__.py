"""What a face means: landmarks, expressions, action units and the heatmaps drawn from them.

Files:
    action_units.py  action units: where each is drawn, and which belong to which expression
    drawing.py       draws action units: ellipses on a canvas, united
    expressions.py   the seven expressions and their synonyms
    heatmaps.py      the family HEATMAPS: maps drawn from landmarks
    landmarks.py     the 68 points by region, and their order after a flip
"""
