"""Tool `import-run`: runs from weights that AULens did not train.

Files:
    own_weights.py       a classifier's weights: which is what, in which order its classes are
    params.py            section [import_run] of params.yaml
    published_config.py  config_model.yaml of the published code, as numbers of ours
    stage.py             makes the run, or a run per published folder of a tree
"""
