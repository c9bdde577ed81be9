"""Numbers as tables and sentences.

Files:
    dataset_sentences.py  sentences about several methods on one dataset
    detail_tables.py      tables on one method and dataset
    formats.py            tables as CSV, Markdown and LaTeX
    method_sentences.py   sentences about one method on one dataset
    method_tables.py      tables that compare methods
    phrases.py            phrases that several sentences share
    run_tables.py         one row per run, and one row per run and layer
    summary.py            the summary of one dataset
    sweeps.py             ablations: runs that differ in one setting
    table.py              numbers formatted as a table
"""
