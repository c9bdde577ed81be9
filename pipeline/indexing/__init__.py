"""What a dataset holds: audit, reader detection, near duplicates, splits, summary.

Files:
    audit.py             copies, leaks between splits, contradicting labels
    dataset_summary.py   what a reader found and left out, beside published counts
    perceptual_hash.py   finds pictures that look alike
    reader_detection.py  finds the reader that fits a folder
    splits.py            the dataset's own splits, or ours
"""
