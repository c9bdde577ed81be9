"""What a face means: landmarks, expressions, action units and the heatmaps drawn from them.

Files:
    action_units.py  action units: where each is drawn, and which belong to which expression
    au_coding.py     action units coded on each face, and their intensities
    drawing.py       draws action units on the small grid, enlarges and combines them
    expressions.py   the seven expressions and their synonyms
    heatmaps.py      the family HEATMAPS: maps drawn from landmarks
    landmarks.py     the 68 points by region, and their order after a flip
    own_heatmaps.py  maps of each face's own action units
    patches.py       a face as 14 x 14 patches, and how unusual each is
    raster.py        filled ellipses on a grid, for many faces at a time
    templates.py     where eyes, nose and mouth come to lie in a crop
"""
