"""Commands examine and compare-maps: any classifier, by what it answers to changed pictures.

Files:
    black_box_scores.py  agreement of black-box maps with AU maps, and their standard errors
    card_checks.py       would another card be right more often on these faces?
    card_files.py        reads model cards, and matches class names
    card_network.py      a model and its card as a network
    compared_maps.py     command compare-maps: maps of a model and of people
    degradations.py      blur, noise, darkness, rotation, hidden eyes or mouth, JPEG
    function_model.py    a Python function as a model
    lens.py              one examination: what is asked, and how often
    models.py            opens what can be examined besides runs
    onnx_model.py        an ONNX file as a model
    outside_reading.py   a model from outside as evaluate and explain read it
    robustness.py        scores on degraded faces
    stage.py             command examine
"""
