"""From a file to a framed face: decode, locate, warp, and the backends that find faces.

Files:
    backends/  the family BACKENDS: detectors of faces and their 68 points
    boxes.py   which face a dataset's box belongs to, and where to look for it
    decode.py  turns a file into pixels; the only place that opens pictures
    deep.py    brings samples of 16 bits to 8
    framing.py chooses the part of the picture that becomes the crop
    jpeg.py    finds damage within JPEGs that decoders accept
    locate.py  finds the face in a picture
    signatures.py  the format of a picture, by its first bytes
    warp.py    from a picture to an upright square crop
"""
