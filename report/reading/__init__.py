"""What the stages left on disk, read for the page.

Files:
    pooling.py     the folds of a seed as one result
    published_figures.py  published figures, from published/*.json
    results.py     reads the results folder
    statistics.py  means, intervals and differences over repeats
    studies.py     runs, variants and studies in memory
"""
