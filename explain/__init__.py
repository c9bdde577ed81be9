"""One picture or video, explained: where a run looks, and on which action units.

Joins `pipeline`, which finds and crops the faces, `train`, which computes the maps, and `report`,
which draws the page. Notebooks import `Explainer`; run the lines in the folder of params.yaml:

    from explain.explainer import Explainer
    explainer = Explainer.load("runs/demo/cam/aligned/seed0")
    detected, explanations = explainer.explain_picture("photo.jpg")
    explainer.draw_page("photo.jpg", detected, explanations).savefig("photo-explained.png")

Files:
    explainer.py    a run that explains pictures: Explainer
    explanation.py  a face's prediction, attention and CAM per action unit, and the sentence
    inputs.py       which files are meant, and what is left out
    media.py        reads pictures, finds their faces: FaceDetector, DetectedImage
    opening.py      opens what explains: a run, or a model from outside
    output.py       command explain: a page and its numbers for every picture and video
    params.py       section [explain] of params.yaml
    prediction.py   command predict: a table, and a plot per video
    video.py        reads and writes videos: VideoReader, VideoWriter
"""
