"""Published datasets in small, laid out exactly as they are given out; the pictures are empty."""

import io

import numpy as np
from PIL import Image

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


def raf_db_compound(root):
    """RAF-DB compound: two pictures per class, one in each split."""
    names = [
        (f"{split}_{number:04d}.jpg", number)
        for split in ("train", "test")
        for number in range(1, 12)
    ]
    lines = [f"{name} {number}" for name, number in names]
    put(root, "compound/EmoLabel/list_patition_label.txt", text="\n".join(lines) + "\n")
    for name, _ in names:
        put(root, f"compound/Image/aligned/{name.removesuffix('.jpg')}_aligned.jpg")
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


def affectnet_kaggle(root):
    """AffectNet's copy on Kaggle: the table and the folder differ on one picture."""
    rows = ("0,anger/image0.jpg,surprise,0.87", "1,anger/image1.jpg,anger,0.85")
    lines = [",pth,label,relFCs", *rows, "2,contempt/image2.jpg,contempt,0.8"]
    put(root, "labels.csv", text="\n".join(lines) + "\n")
    return put(root, "anger/image0.jpg", "anger/image1.jpg", "contempt/image2.jpg")


def expw(root, top="data/"):
    """ExpW: one picture with two faces, one with one."""
    lines = ("a_1.jpg 0 10 20 50 60 42.5 3", "a_1.jpg 1 10 120 150 60 40.1 0")
    text = "\n".join([*lines, "b 2.jpg 0 1 2 3 4 9.9 6"]) + "\n"
    put(root, f"{top}label/label.lst", text=text)
    return put(root, f"{top}image/origin/a_1.jpg", f"{top}image/origin/b 2.jpg")


def ck_plus(root):
    """CK+: a labelled sequence, one of contempt, one without a label."""
    for sequence, frames in (("S005/001", 6), ("S005/002", 4), ("S010/001", 3)):
        stem = sequence.replace("/", "_")
        names = [f"{stem}_{frame:08d}.png" for frame in range(1, frames + 1)]
        put(root, *(f"cohn-kanade-images/{sequence}/{name}" for name in names))
    for stem, label in (("S005_001_00000006", 3), ("S005_002_00000004", 2)):
        folder = stem.rpartition("_")[0].replace("_", "/")
        put(root, f"Emotion/{folder}/{stem}_emotion.txt", text=f"   {label}.0000000e+00\n")
    return root


def kdef(root):
    """KDEF: one person in both sessions, another one, and a strange name."""
    put(root, "AF01/AF01ANFL.JPG", "BF01/BF01SUS.JPG", "AM02/am02afhr.jpg", "AM02/notes.jpg")
    return root


def jaffe(root):
    """JAFFE: two persons."""
    return put(root, "jaffe/KA.AN1.39.tiff", "jaffe/KA.FE2.46.tiff", "jaffe/YM.NE1.49.tiff")


def yolo(root):
    """YOLO's layout: a box, the whole picture, two faces, contempt, no label."""
    put(root, "data.yaml", text="nc: 3\nnames: [Anger, Contempt, Happy]\n")
    labels = {
        "train/labels/a.txt": "2 0.5 0.5 0.5 0.25\n",
        "train/labels/b.txt": "0 0.5 0.5 1 1\n",
        "valid/labels/c.txt": "0 0.25 0.5 0.5 0.5\n2 0.75 0.5 0.5 0.5\n",
        "test/labels/d.txt": "1 0.5 0.5 1 1\n",
    }
    for name, text in labels.items():
        put(root, name, text=text)
        png(root / name.replace("labels", "images").replace(".txt", ".png"))
    png(root / "test/images/e.png")
    (root / "test/labels").mkdir(exist_ok=True)
    return root


def png(file, width=80, height=40):
    """Write a picture of one grey, another one for another name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (width, height), sum(file.name.encode()) % 256).save(file)


FOLD_CLASSES = ("Neutral", "Happiness", "Surprise", "Fear", "Anger", "Disgust", "Sadness")


def published_folds(root, below="", missing=()):
    """The folds of Belharbi et al. for RAF-DB's pictures; their val is their test."""
    names = [name for name, _ in raf_names()]
    of_split = {"train": names[:7], "val": names[7:], "test": names[7:]}
    ids = "".join(f"{word}: {number}\n" for number, word in enumerate(FOLD_CLASSES))
    put(root, f"{below}class_id.yaml", text=ids)
    for split, pictures in of_split.items():
        paths = [f"basic/Image/our_aligned/{name}" for name in pictures]
        put(root, *paths)
        labels = "".join(f"{path},{place}\n" for place, path in enumerate(paths))
        put(root, f"{below}{split}/class_labels.txt", text=labels)
        lines = [f"{path},{points_line(path, missing)}\n" for path in paths]
        put(root, f"{below}{split}/landmarks.txt", text="".join(lines))
    return root


def points_line(path, missing):
    """68 x and 68 y; all inf for a picture on which no face was found."""
    if path.rsplit("/", 1)[-1] in missing:
        return ",".join(["inf"] * 136)
    return ",".join(str(0.5 + number) for number in range(136))


MINIATURES = {
    "demo": demo,
    "csv": csv,
    "folder": folder,
    "raf_db": raf_db,
    "raf_db_compound": raf_db_compound,
    "affectnet_npy": affectnet_npy,
    "affectnet_csv": affectnet_csv,
    "ferplus": ferplus,
    "sfew": sfew,
    "mma": mma,
    "open_expressions": open_expressions,
    "affectnet_kaggle": affectnet_kaggle,
    "expw": expw,
    "ck_plus": ck_plus,
    "kdef": kdef,
    "jaffe": jaffe,
    "yolo": yolo,
    "published_folds": published_folds,
}
"""Reader -> what makes a folder for it."""
