"""Numbers as tables and sentences.

Files:
    dataset_sentences.py  sentences about several methods on one dataset
    detail_tables.py      tables on one method and dataset
    examination_tables.py  what command examine measures: black-box maps, degraded faces
    formats.py            tables as CSV, Markdown and LaTeX
    hiding_tables.py      what hiding parts of the faces does
    own_unit_tables.py    agreement with the action units coded on each face
    phrases.py            phrases that sentences and tables share
    run_tables.py         one row per run, and one row per run and layer
    soft_tables.py        scores against the shares of several people's labels
    study_sentences.py    sentences about one method on one dataset
    study_table.py        one row per method and variant, over its repeats
    summary.py            the summary of one dataset
    sweeps.py             ablations: variants that differ in one setting
    table.py              numbers formatted as a table
    transfer_tables.py    trained on one dataset, scored on another
    valence_arousal_tables.py  how well valence and arousal are predicted
"""
