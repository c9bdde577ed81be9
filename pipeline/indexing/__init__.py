"""What a dataset holds: audit, reader detection, near duplicates, splits, summary.

Files:
    audit.py             copies, leaks between splits, contradicting labels
    class_names.py       class folders whose names are no expressions
    dataset_summary.py   what a reader found and left out, beside published counts
    fitness.py           what a dataset lacks for training and honest scores
    folds.py             cross-validation: persons in folds
    notice.py            NOTICE.txt: the text that a dataset asks for beside its numbers
    perceptual_hash.py   finds pictures that look alike
    reader_detection.py  finds the reader that fits a folder
    splits.py            the dataset's own splits, or ours
    unread.py            files in the folder that are not read
"""
