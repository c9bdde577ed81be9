"""What a dataset holds: audit, reader detection, near duplicates, splits, summary.

Files:
    au_coverage.py       on how many pictures action units of their own were coded
    au_join.py           joins tables of action units to pictures
    au_programs.py       tables of action units that programs write
    au_rows.py           a row of such a table
    au_tables.py         reads tables of action units, DISFA's and BP4D's too
    audit.py             copies, leaks between splits, contradicting labels
    class_names.py       class folders whose names are no expressions
    dataset_summary.py   what a reader found and left out, beside published counts
    fitness.py           what a dataset lacks for training and honest scores
    folds.py             cross-validation: persons in folds
    notice.py            NOTICE.txt: the text that a dataset asks for beside its numbers
    perceptual_hash.py   finds pictures that look alike
    reader_detection.py  finds the reader that fits a folder
    sample_rows.py       the rows of the index's table
    share_coverage.py    on how many pictures several people's labels are known
    splits.py            the dataset's own splits, or ours
    unread.py            files in the folder that are not read
    valence_arousal.py   which pictures have a valence and an arousal of their own
"""
