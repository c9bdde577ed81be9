"""What a face means: landmarks, action units and the heatmaps drawn from them.

Files:
    action_units.py  action units: where each is drawn
    au_coding.py     action units coded on each face, and their intensities
    codebooks.py     the family CODEBOOKS: what is drawn for which class of a label set
    drawing.py       draws action units on the small grid, enlarges and combines them
    heatmaps.py      the family HEATMAPS: maps drawn from landmarks
    landmarks.py     the 68 points by region, and their order after a flip
    own_heatmaps.py  maps of each face's own action units
    patches.py       a face as 14 x 14 patches, and how unusual each is
    raster.py        filled ellipses on a grid, for many faces at a time
    soft_heatmaps.py  heatmaps of soft labels: mixtures of the classes' maps
    templates.py     where eyes, nose and mouth come to lie in a crop
"""
