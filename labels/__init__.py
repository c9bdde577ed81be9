"""Label sets as data: one file per set, with names, synonyms, colours and action units.

A user's own set is a file of the same form, named by its path in `index.<dataset>.labels`.

Files:
    reading.py  reads a set by its name, or by the path of a file
"""
