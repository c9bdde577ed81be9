"""Other people's loaders and augmentations against ours, in one interleaved run.

Files:
    __main__.py      measures, prints and saves
    augmenting.py    augmentation of a batch: torchvision's transforms v2, kornia
    loading.py       datasets of faces and heatmaps: LMDB, WebDataset, LitData, streaming, datasets
    requirements.txt what is installed beside the lock
"""
