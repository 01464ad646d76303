"""Loading: the right pictures, or an error that names the file and the way out."""

import hashlib
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from data_helpers import ARRAYS, IMAGES, PACKED, PLAIN, SMALL, good, serving, write_small
from hypothesis import given
from hypothesis import strategies as st
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from course_utils.data import (
    CLASSES,
    FashionMNIST,
    Split,
    batches,
    load_fashion_mnist,
    split_off,
    with_validation,
)
from course_utils.fashion_mnist import sources
from course_utils.fashion_mnist.download import BY_HAND
from course_utils.fashion_mnist.idx import (
    FILES,
    DamagedFileError,
    DataError,
    MissingFileError,
    raw_folder,
    read_file,
)
from course_utils.fashion_mnist.resizing import require_size, resized
from course_utils.fashion_mnist.sources import cache_folder, default_root, load_arrays
from course_utils.fashion_mnist.torchvision_compat import import_torchvision

pytestmark = pytest.mark.usefixtures("stand_in_allowed")

SYSTEMS = {"linux": Unix, "darwin": MacOS, "win32": Windows}
NAMES = sorted(PLAIN)
REAL_ROOT = default_root()
HAS_REAL = all((raw_folder(REAL_ROOT) / file.name).is_file() for file in FILES.values())
real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif(not HAS_REAL, reason=f"{REAL_ROOT} has no Fashion-MNIST files"),
]


@pytest.fixture
def offline(monkeypatch):
    """Drawing the stand-in costs a second: a small one is enough to tell it apart."""
    monkeypatch.setattr(sources, "make_arrays", lambda: ARRAYS)


def load_small(root, source="real", mirrors=(), patience=10):
    return load_arrays(root, source, files=SMALL, mirrors=mirrors, patience=patience)


def unboxed(out):
    """The text of a notice without its frame and line breaks."""
    return " ".join(line.strip("| ") for line in out.splitlines())


def small_split(n=10):
    images = torch.arange(n * 6, dtype=torch.float32).reshape(n, 2, 3) / (6 * n)
    return Split(images, torch.arange(n))


# --- the right pictures -------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_small_files_are_read(packed, tmp_path, capsys):
    write_small(tmp_path, packed=packed)
    arrays, source = load_small(tmp_path)
    assert source == "real"
    assert list(arrays) == ["train_images", "train_labels", "test_images", "test_labels"]
    for key, array in arrays.items():
        assert array.dtype == np.uint8
        np.testing.assert_array_equal(array, ARRAYS[key])
    assert capsys.readouterr() == ("", "")


def test_plain_file_is_preferred_to_the_packed_one(tmp_path):
    folder = write_small(tmp_path)
    (folder / f"{IMAGES.name}.gz").write_bytes(b"left-over")
    np.testing.assert_array_equal(read_file(folder, IMAGES), ARRAYS["train_images"])


def test_missing_files_are_downloaded_and_the_rest_is_read(tmp_path):
    folder = write_small(tmp_path)
    (folder / IMAGES.name).unlink()
    with serving(good) as url:
        arrays, source = load_small(tmp_path, "auto", [url])
    assert source == "real"
    np.testing.assert_array_equal(arrays["train_images"], ARRAYS["train_images"])
    assert (folder / IMAGES.name).read_bytes() == PLAIN[IMAGES.name]


def test_tensors_have_the_contract_shapes_and_scale(tmp_path, monkeypatch):
    write_small(tmp_path)
    monkeypatch.setattr("course_utils.data.load_arrays", lambda root, source: load_small(root))
    data = load_fashion_mnist(tmp_path)
    assert (data.source, data.classes) == ("real", CLASSES)
    for split, part in ((data.train, "train"), (data.test, "test")):
        assert split.images.dtype == torch.float32
        assert split.labels.dtype == torch.int64
        expected = torch.from_numpy(ARRAYS[f"{part}_images"] / np.float32(255))
        torch.testing.assert_close(split.images, expected, rtol=0, atol=0)
        assert split.labels.tolist() == ARRAYS[f"{part}_labels"].tolist()
    assert repr(data) == (
        "FashionMNIST(source='real', train=Split(40 images of 28 x 28), "
        "test=Split(20 images of 28 x 28))"
    )
    small = load_fashion_mnist(tmp_path, resize=(14, 7))
    assert small.train.images.shape == (40, 14, 7)
    assert small.test.images.shape == (20, 14, 7)


def test_class_names_are_torchvisions_order():
    names = import_torchvision().datasets.FashionMNIST.classes
    assert [name.lower().replace("/top", "") for name in names] == list(CLASSES)


@pytest.mark.parametrize("source", ["auto", "real"])
@real_data[0]
@real_data[1]
def test_real_data(source, capsys):
    data = load_fashion_mnist(source=source)
    assert data.source == "real"
    assert data.train.images.shape == (60_000, 28, 28)
    assert data.test.images.shape == (10_000, 28, 28)
    assert data.train.labels.bincount().tolist() == [6_000] * 10
    assert data.test.labels.bincount().tolist() == [1_000] * 10
    assert data.train.images.mean().item() == pytest.approx(0.2860, abs=5e-5)
    assert data.train.images.std().item() == pytest.approx(0.3530, abs=5e-5)
    assert capsys.readouterr() == ("", "")


@real_data[0]
@real_data[1]
def test_real_data_equals_torchvisions():
    data = load_fashion_mnist(source="real")
    torchvision = import_torchvision()
    other = torchvision.datasets.FashionMNIST(
        REAL_ROOT, train=False, download=False, transform=torchvision.transforms.ToTensor()
    )
    for index in (0, 1, 5_000, 9_999):
        image, label = other[index]
        torch.testing.assert_close(data.test.images[index], image[0], rtol=0, atol=0)
        assert data.test.labels[index] == label


def test_stand_in_through_the_public_function(monkeypatch, capsys):
    monkeypatch.setattr(sources, "make_arrays", lambda: ARRAYS)
    data = load_fashion_mnist("/does/not/exist", source="synthetic")
    assert data.source == "synthetic"
    assert capsys.readouterr() == ("", "")  # asked for: no notice


# --- damaged, missing, unreadable ---------------------------------------------------------------


def damage(kind, data):
    if kind.startswith("cut at "):
        return data[: int(kind.removeprefix("cut at "))]
    if kind.startswith("bit flipped at "):
        place = int(kind.removeprefix("bit flipped at ")) % len(data)
        return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
    return {
        "empty": b"",
        "one byte more": data + b"\0",
        "last byte lost": data[:-1],
        "html": b"<html>Please log in</html>",
        "zeros": bytes(len(data)),
        "other sizes": data[:7] + b"\7" + data[8:],
    }[kind]


DAMAGES = {
    "empty": "wrong magic number",
    "cut at 2": "wrong magic number",
    "cut at 6": "only 6 bytes",
    "cut at 25": "only 25 bytes",
    "last byte lost": "bytes, not",
    "one byte more": "more than",
    "html": "wrong magic number.*<htm",
    "zeros": "wrong magic number",
    "other sizes": "sizes in the header",
    "bit flipped at 3": "wrong magic number",
    "bit flipped at 20": "MD5 checksum",
    "bit flipped at -1": "MD5 checksum",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_file_is_never_used_never_touched(kind, name, tmp_path, offline, capsys):
    folder = write_small(tmp_path)
    bad = damage(kind, PLAIN[name])
    (folder / name).write_bytes(bad)
    with serving(good) as url:  # a working network does not make it replace the file
        with pytest.raises(DamagedFileError, match="move or delete it") as caught:
            load_small(tmp_path, "real", [url])
        _, source = load_small(tmp_path, "auto", [url])
    assert str(folder / name) in str(caught.value)
    assert caught.match(DAMAGES[kind])
    assert source == "synthetic"
    out, err = capsys.readouterr()
    assert "STAND-IN DATA" in out
    assert str(folder / name) in unboxed(out)
    assert err == ""
    assert (folder / name).read_bytes() == bad
    assert sorted(path.name for path in folder.iterdir()) == NAMES


def test_swapped_files_are_noticed(tmp_path):
    folder = write_small(tmp_path)
    one, two = folder / "train-labels-idx1-ubyte", folder / "t10k-labels-idx1-ubyte"
    a, b = one.read_bytes(), two.read_bytes()
    one.write_bytes(b)
    two.write_bytes(a)
    with pytest.raises(DamagedFileError, match="train-labels"):
        load_small(tmp_path)


HALF = len(PACKED[IMAGES.name]) // 2


@pytest.mark.parametrize("kind", ["empty", "cut at 1", "cut at 10", "cut at 500", "last byte lost",
                                  f"bit flipped at {HALF}"])  # fmt: skip
def test_damaged_gz_is_noticed(kind, tmp_path):
    folder = write_small(tmp_path, packed=True)
    (folder / f"{IMAGES.name}.gz").write_bytes(damage(kind, PACKED[IMAGES.name]))
    with pytest.raises(DamagedFileError, match=r"idx3-ubyte\.gz is damaged"):
        load_small(tmp_path)


def test_folder_under_a_file_name(tmp_path):
    folder = write_small(tmp_path)
    (folder / IMAGES.name).unlink()
    (folder / IMAGES.name).mkdir()
    with pytest.raises(
        DamagedFileError, match=f"{IMAGES.name} is not a regular file; move it away and run again$"
    ):
        load_small(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_under_a_file_name_does_not_hang(tmp_path):
    folder = write_small(tmp_path)
    (folder / IMAGES.name).unlink()
    os.mkfifo(folder / IMAGES.name)
    with pytest.raises(DamagedFileError, match="not a regular file"):
        load_small(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_missing_file_is_named(name, tmp_path):
    folder = write_small(tmp_path)
    (folder / name).unlink()
    with pytest.raises(MissingFileError, match=f"{name} is missing"):
        read_file(folder, {file.name: file for file in SMALL.values()}[name])
    with pytest.raises(DataError, match=f"{name} is missing and could not be downloaded") as caught:
        load_small(tmp_path)
    assert "https://github.com/zalandoresearch/fashion-mnist" in str(caught.value)
    assert str(folder) in str(caught.value)


def test_damage_is_reported_before_anything_is_downloaded(tmp_path):
    folder = write_small(tmp_path)
    (folder / "train-labels-idx1-ubyte").unlink()
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"mine")
    with serving(good) as url, pytest.raises(DamagedFileError, match="t10k-labels"):
        load_small(tmp_path, "real", [url])
    assert not (folder / "train-labels-idx1-ubyte").exists()


def test_root_that_is_a_file(tmp_path, offline, capsys):
    root = tmp_path / "root"
    root.write_text("mine")
    with pytest.raises(DataError, match=f"root {root} is a file, not a folder"):
        load_small(root)
    assert load_small(root, "auto")[1] == "synthetic"
    assert "is a file, not a folder" in unboxed(capsys.readouterr().out)
    assert root.read_text() == "mine"


def test_part_of_the_path_is_a_file(tmp_path):
    (tmp_path / "FashionMNIST").write_text("mine")
    with pytest.raises(DataError, match="cannot be read"):
        load_small(tmp_path)


WITHOUT_PERMISSION = """
import os, sys
from dataclasses import replace
from pathlib import Path
from data_helpers import SMALL
from course_utils.fashion_mnist.download import fetch_missing
from course_utils.fashion_mnist.idx import DataError, raw_folder, read_file
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)  # permissions don't stop root
try:
    if sys.argv[2] == "read":
        read_file(raw_folder(root), SMALL["train_images"])
    else:
        fetch_missing(root, SMALL.values(), mirrors=["http://127.0.0.1:9/"], patience=2)
except DataError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("task", "spoiled", "mode"),
    [
        ("read", f"FashionMNIST/raw/{IMAGES.name}", 0o000),
        ("read", "FashionMNIST/raw", 0o000),
        ("read", "", 0o000),
        ("write", "", 0o555),
    ],
    ids=["file", "folder", "root", "write"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="permissions work differently")
@pytest.mark.processes
def test_without_permission(task, spoiled, mode):
    with TemporaryDirectory() as folder:  # pytest's own are closed to other users
        os.chmod(folder, 0o755)
        root = Path(folder) / "root"
        root.mkdir()
        if task == "read":
            write_small(root)
        (root / spoiled).chmod(mode)
        run = subprocess.run(
            [sys.executable, "-B", "-c", WITHOUT_PERMISSION, str(root), task],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        (root / spoiled).chmod(0o755)
    verb = "read" if task == "read" else "written"
    assert "\nDataError " in f"\n{run.stdout}", run
    assert f"cannot be {verb} (Permission denied)" in run.stdout
    assert "FASHION_MNIST_ROOT" in run.stdout


def test_stalling_network_gives_the_stand_in(tmp_path, offline, capsys):
    with serving(lambda name: b"", hold=threading.Event()) as url:
        _, source = load_small(tmp_path, "auto", [url], patience=0.3)
    assert source == "synthetic"
    out, err = capsys.readouterr()
    assert "no answer within 0.3 seconds" in out
    assert "by hand" in unboxed(out)
    assert err == ""
    assert list(tmp_path.rglob("*")) == []


def test_where_data_are_required_the_stand_in_is_an_error(tmp_path, offline, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_REQUIRE_DATA", "1")
    with pytest.raises(DataError, match=r"(?s)is missing and could not") as caught:
        load_small(tmp_path, "auto")
    assert str(caught.value).splitlines()[-2:] == [
        "Check the network and run again, or fetch the four .gz files by hand from "
        f"{BY_HAND} and put them, packed or unpacked, into {raw_folder(tmp_path)}",
        "The stand-in is not drawn, because COURSE_REQUIRE_DATA=1 is set; unset it, or ask for the "
        'stand-in with source="synthetic"',
    ]
    assert load_small(tmp_path, "synthetic")[1] == "synthetic"
    write_small(tmp_path)
    assert load_small(tmp_path, "auto")[1] == "real"
    assert "STAND-IN" not in capsys.readouterr().out


def test_each_file_is_read_and_hashed_once(tmp_path, monkeypatch):
    """From the disk, and straight from the network."""
    folder = write_small(tmp_path)
    (folder / IMAGES.name).unlink()
    hashed, opened = [], []
    real_md5, real_open = hashlib.md5, np.fromfile

    def md5(data, **options):
        hashed.append(bytes(data))
        return real_md5(data, **options)

    def fromfile(path, **options):
        opened.append(Path(path).name)
        return real_open(path, **options)

    monkeypatch.setattr(hashlib, "md5", md5)
    monkeypatch.setattr(np, "fromfile", fromfile)
    with serving(good) as url:
        arrays, _ = load_small(tmp_path, "real", [url])
    np.testing.assert_array_equal(arrays["train_images"], ARRAYS["train_images"])
    arrays["train_images"][0, 0, 0] = 1  # writable, as an array read from the disk
    assert list(arrays) == list(SMALL)
    assert sorted(hashed) == sorted([PACKED[IMAGES.name], *PLAIN.values()])
    assert sorted(opened) == sorted([*(set(NAMES) - {IMAGES.name}), IMAGES.name])


# --- arguments ----------------------------------------------------------------------------------


def test_unknown_source_is_named():
    with pytest.raises(ValueError, match="source must be one of auto, real, synthetic, got 'web'"):
        load_fashion_mnist(source="web")


def test_root_that_is_no_path():
    with pytest.raises(TypeError):
        load_fashion_mnist(7, source="real")


def test_what_is_read_when_nothing_is_said(monkeypatch):
    seen = []

    def load_arrays(root, source):
        seen.append((root, source))
        raise LookupError

    monkeypatch.setattr("course_utils.data.load_arrays", load_arrays)
    with pytest.raises(LookupError):
        load_fashion_mnist()
    assert seen == [(None, "auto")]


def test_default_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("FASHION_MNIST_ROOT", "~/pictures")
    assert default_root() == tmp_path / "pictures"
    monkeypatch.setenv("FASHION_MNIST_ROOT", "")
    assert default_root() == cache_folder()


def test_the_cache_stays_where_it_was_on_each_system(monkeypatch, tmp_path):
    """A folder of the first edition is found again."""
    monkeypatch.setenv("HOME", str(tmp_path))
    known = {"CSIDL_LOCAL_APPDATA": str(tmp_path / "local")}  # as Windows would answer
    monkeypatch.setattr("platformdirs.windows.get_win_folder", known.__getitem__)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    asked = []
    monkeypatch.setattr(sources, "user_cache_path", lambda *a, **b: asked.append((a, b)))
    cache_folder()
    ((name,), options) = asked[0]
    places = {system: made(name, **options).user_cache_path for system, made in SYSTEMS.items()}
    assert places == {
        "linux": tmp_path / ".cache" / "softmax-course",
        "darwin": tmp_path / "Library" / "Caches" / "softmax-course",
        "win32": tmp_path / "local" / "softmax-course",
    }
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Unix(name, **options).user_cache_path == tmp_path / "xdg" / "softmax-course"


def test_root_comes_from_the_environment_and_home_is_expanded(monkeypatch, tmp_path):
    write_small(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_small("~/here")[1] == "real"
    monkeypatch.setenv("FASHION_MNIST_ROOT", str(tmp_path / "here"))
    assert load_small(None)[1] == "real"


@pytest.mark.parametrize("value", ["64", 1.5, (1, 2, 3), (28,), True, (28, 2.0), {28}])
def test_resize_of_the_wrong_kind(value):
    with pytest.raises(TypeError, match="resize must be an int"):
        require_size(value)


@pytest.mark.parametrize("value", [0, -1, (28, 0)])
def test_resize_too_small(value):
    with pytest.raises(ValueError, match="resize must be at least 1"):
        require_size(value)


def test_resize_limits():
    assert require_size(None) is None
    assert require_size(1) == (1, 1)
    assert require_size(128) == (128, 128)
    assert require_size([3, 128]) == (3, 128)
    with pytest.raises(ValueError, match="resize must be at most 128 pixels a side, got 129"):
        require_size(129)


def test_resize_is_checked_before_anything_is_read():
    with pytest.raises(ValueError, match="resize"):
        load_fashion_mnist("/does/not/exist", source="real", resize=0)


def test_resized_equals_torchvisions_resize():
    images = torch.from_numpy(ARRAYS["test_images"] / np.float32(255))
    transform = import_torchvision().transforms.Resize((64, 20))
    ours = resized(images, (64, 20))
    torch.testing.assert_close(ours, transform(images[:, None])[:, 0].clamp(0, 1))
    assert resized(images, None) is images


def test_resized_treats_every_image_alike():
    image = torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(0))
    many = resized(image.expand(5_000, 28, 28), (5, 5))
    torch.testing.assert_close(many, resized(image, (5, 5)).expand(5_000, 5, 5))


# --- splits and batches -------------------------------------------------------------------------


def test_split_knows_its_size_and_prints_briefly():
    split = small_split(7)
    assert len(split) == 7
    assert repr(split) == "Split(7 images of 2 x 3)"
    assert repr(FashionMNIST(split, split, "real")).startswith("FashionMNIST(source='real', train=")
    assert repr(batches(split, 2)) == "Batches(4 of up to 2)"
    with pytest.raises(AttributeError):
        split.images = None


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (torch.zeros(3, 4, 4), torch.zeros(3, 1, dtype=torch.int64), "labels must have shape"),
        (torch.zeros(3, 4, 4), torch.zeros(3), "labels must be an int64 tensor, got torch.float32"),
        (torch.zeros(3, 4, 4), ["bag", "coat", "shirt"],
         "labels must be an int64 tensor, got list; wrap class numbers, not names"),
        (torch.zeros(3, 4, 4), torch.zeros(3, dtype=torch.int64, device="meta"),
         r"labels must be on the device of the images, cpu, got meta; move them: labels.to\('cpu"),
    ],
)  # fmt: skip
def test_split_refuses_what_does_not_belong_together(images, labels, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Split(images, labels)


def test_data_refuse_splits_that_do_not_belong_together():
    """A validation split of other shapes, on another device, with labels of other classes."""
    split = small_split(10)
    data = FashionMNIST(split, split, "synthetic")
    wide = Split(torch.zeros(4, 2, 5), torch.arange(4))
    away = split.to("meta")
    other = Split(torch.zeros(4, 2, 3), torch.arange(4) + 8)
    for name in ("valid", "test"):
        with pytest.raises(ValueError, match=rf"{name} must hold .* \(2, 3\) .*got \(2, 5\)"):
            replace(data, **{name: wide})
        with pytest.raises(ValueError, match=rf"{name} .* on cpu, as train does, got .* on meta"):
            replace(data, **{name: away})
        with pytest.raises(ValueError, match=rf"{name} must have labels in 0..9 .* got 8..11"):
            replace(data, **{name: other})


def test_a_validation_split_is_held_out_of_the_training_split():
    split = small_split(10)
    whole = FashionMNIST(split, split, "synthetic")
    data = with_validation(whole, 3, generator=torch.Generator().manual_seed(0))
    rest, held_out = split_off(split, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(data.train.images, rest.images)
    assert torch.equal(data.valid.images, held_out.images)
    assert data.test is whole.test
    assert list(data.splits()) == ["train", "valid", "test"]
    assert list(whole.splits()) == ["train", "test"]
    assert "valid=Split(3 images of 2 x 3)" in repr(data)
    with pytest.raises(ValueError, match="no validation split yet, got one of 3 images; take the"):
        with_validation(data, 3, generator=torch.Generator())


def test_all_splits_move_together():
    split = small_split(10)
    data = FashionMNIST(split, split, "synthetic", valid=split)
    same = data.to("cpu")
    assert (same.source, same.classes) == ("synthetic", CLASSES)
    assert all(torch.equal(moved.images, split.images) for moved in same.splits().values())
    assert data.train.to("meta").images.device.type == "meta"


@pytest.mark.parametrize("device", ["cuda:99", "nowhere", "xla", 3.5, None])
def test_a_device_that_is_not_there_is_named(device):
    split = small_split(10)
    for data in (split, FashionMNIST(split, split, "synthetic")):
        with pytest.raises(ValueError, match=rf"device must be .*\(cpu.*\), got {device!r}"):
            data.to(device)


@given(n=st.integers(1, 50), batch_size=st.integers(1, 60))
def test_batches_without_a_generator_are_the_split_in_pieces(n, batch_size):
    split = small_split(n)
    parts = list(batches(split, batch_size))
    assert torch.equal(torch.cat([X for X, _ in parts]), split.images)
    assert torch.equal(torch.cat([y for _, y in parts]), split.labels)
    assert all(len(y) == batch_size for _, y in parts[:-1])
    assert 1 <= len(parts[-1][1]) <= batch_size
    assert len(batches(split, batch_size)) == len(parts)


@given(n=st.integers(1, 40), batch_size=st.integers(1, 50), seed=st.integers(0, 2**31))
def test_shuffled_batches_hold_every_example_once(n, batch_size, seed):
    split = small_split(n)
    iterable = batches(split, batch_size, generator=torch.Generator().manual_seed(seed))
    parts = list(iterable)
    assert len(parts) == len(iterable)
    assert all(len(y) == batch_size for _, y in parts[:-1])
    labels = torch.cat([y for _, y in parts])
    assert sorted(labels.tolist()) == list(range(n))
    assert torch.equal(torch.cat([X for X, _ in parts]), split.images[labels])


def test_order_is_that_of_randperm_and_fresh_each_time():
    split = small_split(10)
    iterable = batches(split, 4, generator=torch.Generator().manual_seed(3))
    twin = torch.Generator().manual_seed(3)
    for _ in range(2):
        order = torch.cat([y for _, y in iterable])
        assert order.tolist() == torch.randperm(10, generator=twin).tolist()


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (-3, ValueError), (2.5, TypeError)])
def test_batch_size_out_of_range(value, error):
    with pytest.raises(error, match="batch_size"):
        batches(small_split(), value)


def test_split_off_parts_the_examples():
    split = small_split(10)
    rest, held_out = split_off(split, 3, generator=torch.Generator().manual_seed(0))
    assert (len(rest), len(held_out)) == (7, 3)
    assert sorted(rest.labels.tolist() + held_out.labels.tolist()) == list(range(10))
    for part in (rest, held_out):
        assert torch.equal(part.images, split.images[part.labels])
    other, _ = split_off(split, 3, generator=torch.Generator().manual_seed(1))
    assert other.labels.tolist() != rest.labels.tolist()
    again, _ = split_off(split, 3, generator=torch.Generator().manual_seed(0))
    assert again.labels.tolist() == rest.labels.tolist()
    assert len(split_off(split, 9, generator=torch.Generator())[0]) == 1


@pytest.mark.parametrize("n", [0, 10, 11])
def test_split_off_out_of_range(n):
    with pytest.raises(ValueError, match="n must be"):
        split_off(small_split(10), n, generator=torch.Generator())
