"""Things before faces, drawn: shapes and what covers them. No photographs of people.

Files:
    occluders.py  the family OCCLUDERS: the outline of a thing before a face
    textures.py   the family TEXTURES: what its surface looks like
"""
