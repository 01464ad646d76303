"""Roots that lead past the files: the message names the root that works, and nothing is made."""

import os
import sys
from pathlib import Path

import pytest
from data_helpers import ARRAYS, IMAGES, PLAIN, SMALL, good, serving, write_small

from course_utils.fashion_mnist import sources
from course_utils.fashion_mnist.idx import DataError, raw_folder
from course_utils.fashion_mnist.misplaced import require_root
from course_utils.fashion_mnist.sources import load_arrays

pytestmark = pytest.mark.usefixtures("stand_in_allowed")


def load(root, source="real", mirrors=()):
    return load_arrays(root, source, files=SMALL, mirrors=mirrors, patience=10)


def tree(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


#: Root that is given -> root that works, both below the folder that holds the files.
LEVELS = {
    "the data set's folder": ("here/FashionMNIST", "here"),
    "the folder of the files": ("here/FashionMNIST/raw", "here"),
    "one too high": ("", "here"),
    "a name that is not quite it": ("here/fashion-mnist", "here"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("kind", LEVELS)
def test_a_root_one_level_off_is_told_the_one_that_works(kind, packed, tmp_path):
    given, right = (tmp_path / name for name in LEVELS[kind])
    write_small(tmp_path / "here", packed=packed)
    before = tree(tmp_path)
    with serving(good) as url, pytest.raises(DataError, match="4 of the four files") as caught:
        load(given, mirrors=[url])  # a network that works must not hide it
    assert f"pass root={str(right)!r} or set FASHION_MNIST_ROOT to it" in str(caught.value)
    assert str(raw_folder(right)) in str(caught.value)
    assert tree(tmp_path) == before
    assert load(right)[1] == "real"


@pytest.mark.parametrize("place", ["", "raw", "FashionMNIST", "fashion"])
def test_files_without_the_two_folders_above_are_to_be_moved(place, tmp_path):
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    for name, data in PLAIN.items():
        (folder / name).write_bytes(data)
    before = tree(tmp_path)
    with serving(good) as url, pytest.raises(DataError) as caught:
        load(tmp_path, mirrors=[url])
    assert f"lie in {folder}: move them from there to {raw_folder(tmp_path)}" in str(caught.value)
    assert tree(tmp_path) == before


def test_a_single_file_that_lies_elsewhere_is_named(tmp_path):
    folder = write_small(tmp_path)
    (folder / IMAGES.name).rename(tmp_path / IMAGES.name)
    with pytest.raises(DataError, match=f"lacks {IMAGES.name}, which lie in {tmp_path}"):
        load(tmp_path)


def test_a_copy_beside_a_new_root_is_no_reason_to_refuse(tmp_path):
    write_small(tmp_path / "old")
    with serving(good) as url:
        assert load(tmp_path / "new", mirrors=[url])[1] == "real"
    assert (raw_folder(tmp_path / "new") / IMAGES.name).is_file()


def test_the_notice_of_the_stand_in_names_the_root_as_well(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sources, "make_arrays", lambda: ARRAYS)
    write_small(tmp_path)
    monkeypatch.setenv("FASHION_MNIST_ROOT", str(tmp_path / "FashionMNIST"))
    assert load(None, "auto")[1] == "synthetic"
    out = capsys.readouterr().out
    assert "STAND-IN" in out
    assert f"root={str(tmp_path)!r}" in out


def test_a_relative_root_is_looked_for_where_a_notebook_was_started(tmp_path, monkeypatch):
    write_small(tmp_path / "data")
    (tmp_path / "chapters").mkdir()
    monkeypatch.chdir(tmp_path / "chapters")
    with pytest.raises(DataError, match="4 of the four") as caught:
        load("data")
    assert f"root={str(tmp_path / 'data')!r}" in str(caught.value)
    assert list((tmp_path / "chapters").iterdir()) == []


def test_a_variable_that_nobody_replaced(tmp_path, monkeypatch):
    write_small(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_PROBE", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load("$COURSE_PROBE/FashionMNIST/..")
    assert f"root={str(tmp_path / 'FashionMNIST' / '..')!r}" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows drops blanks at the end of a name")
@pytest.mark.parametrize(
    "form", ["{} ", " {}", "{}\n", "{}\r\n", '"{}"', "'{}'", "{}\t", "'{}' \n"]
)
@pytest.mark.parametrize("there", [True, False])
def test_blanks_line_ends_and_quotes_around_a_root(form, there, tmp_path):
    if there:
        write_small(tmp_path / "here")
    before = tree(tmp_path)
    with serving(good) as url, pytest.raises(DataError) as caught:
        load(form.format(tmp_path / "here"), mirrors=[url])
    assert f"write {str(tmp_path / 'here')!r}" in str(caught.value)
    assert "Nothing was downloaded or created" in str(caught.value)
    assert tree(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows drops blanks at the end of a name")
def test_a_folder_that_really_has_such_a_name_is_used(tmp_path):
    write_small(tmp_path / "'here' ")
    assert load(tmp_path / "'here' ")[1] == "real"


@pytest.mark.parametrize("root", ["", "  ", "\n", '""', "a\0b"])
def test_a_root_that_names_nothing(root):
    with pytest.raises(ValueError, match="root must name a folder, got"):
        require_root(root)


def test_an_address_is_no_path(tmp_path):
    write_small(tmp_path / "a b")
    with pytest.raises(ValueError, match="not an address") as caught:
        load((tmp_path / "a b").as_uri())
    assert str(caught.value).endswith(f"write {str(tmp_path / 'a b')!r}")
    assert load(tmp_path / "a b")[1] == "real"
    with pytest.raises(ValueError, match="not an address, got 'S3://data'; pass a folder"):
        load("S3://data")


@pytest.mark.skipif(sys.platform == "win32", reason="there every name has a home folder")
def test_a_user_who_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="a user who has no home folder here, got '~nobody-here'"):
        load("~nobody-here")
    assert tree(tmp_path) == []
    write_small(tmp_path / "~nobody-here")
    assert load("~nobody-here")[1] == "real"


@pytest.mark.parametrize("root", [7, b"/data", ["/data"]])
def test_a_root_that_is_no_path(root):
    with pytest.raises(TypeError, match="root must be a path"):
        require_root(root)


def test_a_folder_that_cannot_be_read_is_passed_over(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match="could not be downloaded"):
        load(tmp_path)
    assert os.listdir(tmp_path) == []
