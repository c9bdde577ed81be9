"""What the stages left on disk, read for the page.

Files:
    published.py  published figures
    results.py    reads the results folder
"""
