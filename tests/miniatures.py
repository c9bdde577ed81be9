"""Published datasets in small, laid out exactly as they are given out; the pictures are empty."""

import io

import numpy as np

RAF_CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
AFFECTNET_CLASSES = (
    *("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"),
    *("none of the eight", "uncertain", "no face"),
)
SEVEN = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
VOTES_HEADER = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)
FER_FOLDERS = {
    "Training": "FER2013Train",
    "PublicTest": "FER2013Valid",
    "PrivateTest": "FER2013Test",
}
CSV_HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
    "valence,arousal"
)


def put(root, *names, text=""):
    """Write files, empty or with one text, and the folders they are in."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def npy(value):
    """Return an array as the bytes of an .npy file."""
    stream = io.BytesIO()
    np.save(stream, np.asarray(value))
    return stream.getvalue()


def raf_names():
    """Picture and class: seven to train, seven to test."""
    train = [(f"train_{number:05d}.jpg", number) for number in range(1, 8)]
    return train + [(f"test_{number:04d}.jpg", number) for number in range(1, 8)]


def raf_db(root, kinds=("original", "aligned"), spelling="patition", order=(0, 1, 2, 3)):
    """RAF-DB basic; the points are of one face, the box stands in the given order."""
    lines = [f"{name} {number}" for name, number in raf_names()]
    put(root, f"EmoLabel/list_{spelling}_label.txt", text="\n".join(lines) + "\n")
    for name, _ in raf_names():
        stem = name.removesuffix(".jpg")
        for kind in kinds:
            ending = "_aligned" if kind == "aligned" else ""
            put(root, f"Image/{kind}/{stem}{ending}.jpg")
        points = "80\t190\n120\t190\n100\t210\n85\t230\n115\t230\n"
        put(root, f"Annotation/manual/{stem}_manu_attri.txt", text=points + "1\n2\n3\n")
        box = [str([60.5, 150.0, 140.5, 250.0][place]) for place in order]
        put(root, f"Annotation/boundingbox/{stem}_boundingbox.txt", text=" ".join(box) + " \n")
    return root


def affectnet_npy(root, train=tuple(range(8)), val=tuple(range(8))):
    """AffectNet in .npy files; one picture an id, numbered with gaps."""
    for split, classes in (("train_set", train), ("val_set", val)):
        for place, number in enumerate(classes):
            name = 3 * place
            put(root, f"{split}/images/{name}.jpg")
            arrays = {
                "exp": str(number),
                "val": "0.25",
                "aro": -0.5,
                "lnd": np.arange(136) + name,
            }
            for what, value in arrays.items():
                put(root, f"{split}/annotations/{name}_{what}.npy", text=npy(value))
    return root


def affectnet_row(name, number, valence="0.25"):
    """One line of AffectNet's tables."""
    points = ";".join(str(value) for value in range(136))
    return f"1/{name}.jpg,10,20,200,210,{points},{number},{valence},0.5"


def affectnet_csv(root, train=tuple(range(11)), val=tuple(range(11))):
    """AffectNet in tables; one picture an id."""
    for table, classes in (("training", train), ("validation", val)):
        lines = [affectnet_row(f"{table}{place}", number) for place, number in enumerate(classes)]
        text = "\n".join([CSV_HEADER, *lines]) + "\n"
        put(root, f"Manually_Annotated_file_lists/{table}.csv", text=text)
        for place in range(len(classes)):
            put(root, f"Manually_Annotated_Images/1/{table}{place}.jpg")
    return root


FER_ROWS = (
    ("Training", "fer0000000.png", "8 1 0 0 0 0 0 0 1 0"),
    ("Training", "fer0000001.png", "0 0 0 0 0 0 0 9 1 0"),
    ("Training", "", "0 0 0 0 0 0 0 0 0 10"),
    ("PublicTest", "fer0000003.png", "4 0 0 5 0 1 0 0 0 0"),
    ("PrivateTest", "fer0000004.png", "0 0 1 1 1 0 7 0 0 0"),
    ("PrivateTest", "fer0000005.png", "3 3 2 2 0 0 0 0 0 0"),
)


def fer_votes(root):
    """The votes of FER+, six rows."""
    lines = [",".join([usage, name, *votes.split()]) for usage, name, votes in FER_ROWS]
    return put(root, "fer2013new.csv", text="\n".join([VOTES_HEADER, *lines]) + "\n")


def fer_pixels(root):
    """The pictures of FER2013 as numbers: row n has the grey n everywhere."""
    lines = [
        f"0,{' '.join([str(grey)] * 2304)},{usage}" for grey, (usage, _, _) in enumerate(FER_ROWS)
    ]
    return put(root, "fer2013.csv", text="\n".join(["emotion,pixels,Usage", *lines]) + "\n")


def ferplus(root):
    """FER+ with its pictures as files and the votes in one table."""
    fer_votes(root)
    for usage, name, _ in FER_ROWS:
        if name:
            put(root, f"{FER_FOLDERS[usage]}/{name}")
    return root


def ferplus_labels(root):
    """FER+ with the votes in each folder's label.csv, which has no header."""
    ferplus(root)
    (root / "fer2013new.csv").unlink()
    for usage, folder in FER_FOLDERS.items():
        lines = [
            f'{name},"(0, 0, 48, 48)",{votes.replace(" ", ",")}\n'
            for of, name, votes in FER_ROWS
            if of == usage and name
        ]
        put(root, f"{folder}/label.csv", text="".join(lines))
    return root


def sfew(root, train="Train_Aligned_Faces", val="Val_Aligned_Faces_new"):
    """SFEW in a folder a class, the test set without labels."""
    for word in SEVEN:
        for folder in (train, val):
            put(root, f"{folder}/{word.capitalize()}/Film_004835240_00000016.png")
    return put(root, "Test_Aligned_Faces/0.png", "Test_Aligned_Faces/1.png")


def sfew_table(root):
    """SFEW as one table whose ids are nobody's."""
    rows = [
        f"image_{place:06d}.png,{6 - place},{word.capitalize()},{'train' if place % 2 else 'val'}"
        for place, word in enumerate(SEVEN)
    ]
    header = "image_name,label,emotion,original_split"
    put(root, "sfew_2.0_labels.csv", text="\n".join([header, *rows]) + "\n")
    return put(root, *(f"sfew2.0_images/image_{place:06d}.png" for place in range(7)))


def mma(root, top="MMAFEDB/"):
    """MMA: three splits, seven classes, one picture each."""
    splits = ("train", "valid", "test")
    return put(root, *(f"{top}{split}/{word}/0.jpg" for split in splits for word in SEVEN))


def open_expressions(root):
    """The open set: words in any case, a picture twice, one with two labels, contempt."""
    rows = ("A_Person_0001.jpg,HAPPINESS", "A_Person_0002.jpg,happiness", "Other-3.jpg,sadness")
    more = ("A_Person_0001.jpg,happiness", "B_Both_0001.jpg,anger", "B_Both_0001.jpg,fear")
    lines = [f"u,{row}" for row in (*rows, *more, "C_Sure_0001.jpg,contempt")]
    put(root, "data/legend.csv", text="\n".join(["user.id,image,emotion", *lines]) + "\n")
    names = {line.split(",")[1] for line in lines}
    return put(root, *(f"images/{name}" for name in sorted(names)))


def demo(root):
    """The embedded dataset."""
    put(root, "landmarks.txt", "NOTICE.txt", "images/a.jpg")
    return put(root, "labels.csv", text="file,expression\nimages/a.jpg,fear\n")


def csv(root):
    """A table of one's own."""
    put(root, "a.jpg")
    return put(root, "labels.csv", text="file,expression\na.jpg,fear\n")


def folder(root):
    """A folder per expression."""
    return put(root, "train/Happy/a.jpg", "train/sad/b.jpg", "test/sad/c.jpg")


MINIATURES = {
    "demo": demo,
    "csv": csv,
    "folder": folder,
    "raf_db": raf_db,
    "affectnet_npy": affectnet_npy,
    "affectnet_csv": affectnet_csv,
    "ferplus": ferplus,
    "sfew": sfew,
    "mma": mma,
    "open_expressions": open_expressions,
}
"""Reader -> what makes a folder for it."""
