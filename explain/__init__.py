"""One picture or video, explained.

Pipeline finds and frames the faces, train says where the run looks.

Files:
    explanation.py  a face's prediction, attention and CAM per action unit, and the sentence
    media.py        reads pictures, folders and videos
    params.py       section [explain] of params.yaml
"""
