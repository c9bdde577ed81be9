"""What `view`, `explain` and `predict` write.

Files:
    captions.py          captions of faces
    codebook.py          the codebooks as a figure
    codebook_table.py    docs/action_units.md
    explanation_page.py  the page of one explained picture
    face_sheets.py       contact sheets of faces
    heatmap_sheets.py    contact sheets of faces with their maps
    sheet_page.py        one page of a contact sheet
    timeline.py          the probabilities of a video over time
"""
