"""Faces freed of what covers them: which patches are hidden, and what is drawn in their place.

Files:
    context.py    device, progress and lines of a stage
    mae.py        stage `mae`: a masked autoencoder of the user's own faces
    mae_model.py  its two transformers
    params.py     sections [mae], [patches] and [restore] of params.yaml
"""
