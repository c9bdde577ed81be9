"""The embedded demo dataset: a public-domain portrait, warped by action units into labelled faces.

Synthetic and of a single identity: it shows that the software works, and nothing about real people.

Files:
    action_units.py  what each action unit moves, and which make an expression
    backdrop.py      the background behind the face
    brush.py         soft shapes and smooth curves to paint with
    creases.py       the folds that action units press into the skin
    cutout.py        cuts the person out of a picture with a plain background
    expression.py    an expression as strengths of action units and moved points
    mouth.py         the inside of an open mouth
    numbers.py       reads numbers.yaml: the portrait's points, what AUs move
    params.py        section [demo] of params.yaml
    person.py        small differences of shape between faces
    photo.py         light, exposure, colour, focus and noise of a photograph
    portrait.py      where the portrait's features are, and the frame of every warp
    render.py        one face of the dataset from three numbers
    retouch.py       the portrait made ready for warping
    stage.py         stage `demo`
    view.py          the affine map from the eye frame to a picture
    warp.py          thin-plate splines
"""
