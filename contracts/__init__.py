"""What one folder writes and another reads: frozen models.

Anybody may import these modules; they import no other folder and nothing heavy.

Files:
    examinations.py  hidden regions, black-box maps, degradations
    files.py         names of files, columns of tables, reading a JSON file as its model
    labels.py        a label set: classes, words, action units
    manifests.py     MANIFEST.json
    model_cards.py   the card of a model that AULens did not train
    occlusion.py     names of occluders, mae.json, patches.json
    plans.py         what stage plan hands to train
    repeats.py       seeds and folds, in words
    runs.py          run.json, the card of an exported run, metadata of stores
    scores.py        scores.json
    soft_scores.py   scores.json: against the shares of several people's labels
    surveys.py       audit.json, survey.json
    valence_arousal.py  scores of valence and arousal, a block of scores.json
"""
