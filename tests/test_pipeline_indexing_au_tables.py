"""Files and folders of tables of action units."""

import pytest

from errors import DataError, NoInputError
from pipeline.indexing.au_tables import read_au_tables


def written(folder, **files):
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def test_disfa_has_a_file_per_clip_and_unit(tmp_path):
    place = written(
        tmp_path,
        SN001__SN001_au1_DOT_txt="1,0\n2,3\n",
        SN001__SN001_au26_DOT_txt="1,5\n2,1\n",
        SN001__notes_DOT_txt="nothing of interest\n",
    )
    found = read_au_tables(place, 0.8)
    assert [(row.name, row.frame, dict(row.aus)) for row in found] == [
        ("SN001", 1, {1: 0, 26: 1}),
        ("SN001", 2, pytest.approx({1: 0.6, 26: 0.2})),
    ]
    assert not any(row.unusable for row in found)


def test_bp4d_has_occurrences_and_intensities_and_frames_that_nobody_coded(tmp_path):
    place = written(
        tmp_path,
        AU_OCC__F001_T1_DOT_csv="0,1,6,12\n2440,0,1,9\n2441,9,9,9\n",
        AU_INT__AU06__F001_T1_AU06_DOT_csv="2440,4\n2441,9\n",
    )
    one, other = read_au_tables(place, 0.8)
    assert (one.name, one.frame) == ("F001_T1", 2440)
    assert one.aus == {1: 0, 6: 0.8}
    assert (other.aus, other.unusable) == ({}, "empty")


def test_a_folder_has_a_table_per_picture(tmp_path):
    place = written(
        tmp_path, train__a_DOT_csv="face, AU12_r\n0, 5\n", b_DOT_csv="face, AU12_r\n0, 1\n"
    )
    found = read_au_tables(place, 0.8)
    assert {row.name: row.aus[12] for row in found} == {"train/a": 1, "b": 0.2}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "is not there, or is no table of action units.*AU01_r"),
        ({"labels_DOT_csv": "file,label\na.jpg,fear\n"}, "no table of action units"),
        ({"empty_DOT_csv": ""}, "no table of action units"),
    ],
)
def test_a_place_without_tables_is_refused(tmp_path, files, words):
    with pytest.raises(NoInputError, match=words):
        read_au_tables(written(tmp_path, **files), 0.8)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"SN001_au3_DOT_txt": "1,0\n"}, "AU3 is no number of FACS"),
        ({"SN001_au1_DOT_txt": "1,0\n2,6\n"}, "line 2.*intensity 6.*from 0 to 5"),
        ({"SN001_au1_DOT_txt": "1,0\n2\n"}, "line 2.*0 values for 1"),
        ({"F001_T1_DOT_csv": "0,1,2\n1,0,2\n"}, "line 2.*from 0 to 1"),
    ],
)
def test_what_no_frame_table_has_is_named(tmp_path, files, words):
    with pytest.raises(DataError, match=words):
        read_au_tables(written(tmp_path, **files), 0.8)
