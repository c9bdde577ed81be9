"""Raw pictures to stores: datasets, alignment, landmarks, heatmaps. No torch here.

Files:
    align.py             stage `align`: one upright face per sample
    array_attributes.py  what the numbers in a store's arrays are
    brought.py           what a dataset itself says of its faces, as arrays
    datasets/            one reader per dataset
    execution/           dask cluster, sharded builds, crash journal, isolated rows
    faces/               from a file to an aligned face
    heatmap.py           stage `heatmap`: the maps of one kind
    index.py             stage `index`: the samples of a dataset as one table
    indexing/            what `index` finds out about a dataset
    landmark.py          stage `landmark`: 68 points per aligned face
    occlude.py           stage `occlude`: the same faces behind drawn things
    occlusion/           things before faces, drawn
    params.py            sections of the stages in params.yaml
    paths.py             keeps the paths of label files inside the dataset's folder
    repair.py            tool `repair`: builds a store again from its fingerprint
    survey.py            stage `survey`: what happened to every picture
    unpack.py            tool `unpack`: pictures in tables and shards as files
    unpacking/           how pictures are packed: FER2013, Parquet, WebDataset
"""
