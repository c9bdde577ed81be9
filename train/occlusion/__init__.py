"""Faces freed of what covers them: which patches are hidden, and what is drawn in their place.

Files:
    context.py    device, progress and lines of a stage
    detector_cards.py  patches.json, read and told
    detectors.py  the family DETECTORS: how unusual each patch is
    mae.py        stage `mae`: a masked autoencoder of the user's own faces
    mae_model.py  its two transformers
    params.py     sections [mae], [patches] and [restore] of params.yaml
    patches.py    stage `patches`: learns and measures detectors
    restore.py    stage `restore`: every face without what covers it, and its latents
    restorer.py   autoencoder, detector and filler: what a run takes along
    self_assembly.py  the paper's filling of a cell from three others
"""
