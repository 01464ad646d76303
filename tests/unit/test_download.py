"""Downloading: from servers on this machine, well-behaved and not."""

import errno
import os
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest
from data_helpers import IMAGES, PACKED, PLAIN, SMALL, good, response, serving, write_small

from course_utils.fashion_mnist.download import (
    MIRRORS,
    PATIENCE,
    fetch,
    fetch_missing,
    receive,
    store,
)
from course_utils.fashion_mnist.idx import FILES, DamagedFileError, DataError, raw_folder
from course_utils.fashion_mnist.torchvision_compat import import_torchvision

NAMES = sorted(PLAIN)
BODY = PACKED[IMAGES.name]
FULL = OSError(errno.ENOSPC, "No space left on device")


def gone(name):
    return response(b"gone", status="410 Gone")


def noting(asked, answer=good):
    """An answer that notes which file it was asked for."""

    def noted(name):
        asked.append(name.removesuffix(".gz"))
        return answer(name)

    return noted


def fetch_all(root, *mirrors, patience=10):
    fetch_missing(root, SMALL.values(), mirrors=mirrors, patience=patience)


def left_in(root):
    """What lies below root, hidden files and empty folders included."""
    return sorted(p.name for p in root.rglob("*") if p.is_file() or not any(p.iterdir()))


def test_good_server_gives_the_four_files(tmp_path, capsys):
    with serving(good) as url:
        fetch_all(tmp_path, url)
    folder = raw_folder(tmp_path)
    assert {name: (folder / name).read_bytes() for name in NAMES} == PLAIN
    assert left_in(tmp_path) == NAMES
    assert capsys.readouterr() == (f"Downloading 4 files of Fashion-MNIST to {folder}\n", "")


def test_files_follow_the_umask(tmp_path):
    with serving(good) as url:
        fetch_all(tmp_path, url)
    plain = tmp_path / "plain"
    plain.touch()
    modes = {stat.S_IMODE((raw_folder(tmp_path) / name).stat().st_mode) for name in NAMES}
    assert modes == {stat.S_IMODE(plain.stat().st_mode)}


def test_what_is_there_is_left_alone_and_small_files_come_first(tmp_path):
    asked, folder = [], raw_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / NAMES[0]).write_bytes(b"mine")
    (folder / f"{NAMES[1]}.gz").write_bytes(b"mine too")
    with serving(noting(asked)) as url:
        fetch_all(tmp_path, url)
        fetch_all(tmp_path / "empty", url)
    assert (folder / NAMES[0]).read_bytes() == b"mine"
    assert (folder / f"{NAMES[1]}.gz").read_bytes() == b"mine too"
    assert sorted(asked[:2]) == NAMES[2:]
    assert asked[2:] == sorted(NAMES, key=lambda name: len(PLAIN[name]))


BAD_ANSWERS = {
    "html": (
        lambda name: response(b"<html>Please log in</html>"),
        "not a gzip file, starts with b'<html>Please lo'$",
    ),
    "not found": (lambda name: response(b"", status="404 Not Found"), "404"),
    "cut, right length": (lambda name: response(BODY[:99], length=len(BODY)), "99 bytes with MD5"),
    "length too small": (lambda name: response(BODY, length=99), "99 bytes with MD5"),
    "length too large": (lambda name: response(BODY, length=10**6), None),  # whole all the same
    "flipped bit": (
        lambda name: response(BODY[:50] + bytes([BODY[50] ^ 1]) + BODY[51:]),
        f"{len(BODY)} bytes with MD5",
    ),
    "another file": (lambda name: good(NAMES[0]), "with MD5"),
    "endless": (
        lambda name: response(b"\x1f\x8b" + bytes(10**6)),
        f"more than the {IMAGES.num_bytes + 65_536} bytes",
    ),
    "no http": (lambda name: b"220 ftp ready\r\n\r\n", "BadStatusLine"),
    "nothing": (lambda name: b"", "RemoteDisconnected"),
    "redirect to a file": (
        lambda name: b"HTTP/1.0 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n",
        "302",
    ),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_bad_answer(kind, tmp_path):
    answer, message = BAD_ANSWERS[kind]
    with serving(answer) as url:
        if message is None:
            assert fetch(url + "f.gz", IMAGES, 10) == PLAIN[IMAGES.name]
            return
        with pytest.raises((OSError, DamagedFileError), match=message):
            fetch(url + "f.gz", IMAGES, 10)
        with pytest.raises(DataError, match="could not be downloaded") as caught:
            fetch_all(tmp_path, url)
    text = str(caught.value)
    smallest = min(NAMES, key=lambda name: len(PLAIN[name]))
    assert str(raw_folder(tmp_path) / smallest) in text
    assert f"{url}{smallest}.gz" in text
    assert "https://github.com/zalandoresearch/fashion-mnist" in text
    assert left_in(tmp_path) == []


def test_good_gzip_of_the_wrong_content_is_refused():
    """Even if the .gz checksum were met: the content is verified by itself."""
    other = SMALL["test_images"]
    mixed = type(IMAGES)(IMAGES.name, IMAGES.shape, IMAGES.md5, other.gz_md5)
    with (
        serving(lambda name: response(PACKED[other.name])) as url,
        pytest.raises(DamagedFileError, match=f"{url}.*only {other.num_bytes} bytes"),
    ):
        fetch(url + "f.gz", mixed, 10)


def test_refused_connection_names_the_server(tmp_path):
    with serving(good) as url:
        pass  # from here on nobody listens there
    with pytest.raises(DataError, match=r"(?s)127\.0\.0\.1.*refused"):
        fetch_all(tmp_path, url)
    assert left_in(tmp_path) == []


def test_no_server_at_all(tmp_path):
    with pytest.raises(DataError, match=":\n  no server left to ask\nCheck the network"):
        fetch_all(tmp_path)


def test_unknown_host(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OSError, match="Name or service not known"):
        receive("http://example.invalid/", limit=10, patience=5)


def test_name_look_up_that_hangs_is_given_up(monkeypatch):
    """No socket exists yet, so no socket timeout could help."""
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: done.wait(20) and [])
    with pytest.raises(TimeoutError, match=r"no answer within 0\.2 seconds"):
        receive("http://example.invalid/", limit=10, patience=0.2)
    done.set()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "no answer within 0.3 seconds"),
        (b"HTTP/1.0 200 OK\r\n", "no answer within 0.3 seconds"),
        (response(BODY[:500], length=len(BODY)), r"(only 500 bytes|no answer) within 0\.3 seconds"),
    ],
    ids=["silent", "inside the header", "inside the body"],
)
def test_stalling_server_is_given_up(sent, message):
    with serving(lambda name: sent, hold=threading.Event()) as url:
        with pytest.raises(TimeoutError, match=message):
            # The reader's own socket timeout must not be what ends the wait.
            receive(url + "f.gz", limit=10**6, patience=0.3)
        readers = [t for t in threading.enumerate() if "_read" in t.name]
        assert readers
        assert all(t.daemon for t in readers), "the program could not end before the server does"


def test_the_patience_of_the_caller_counts(tmp_path):
    with (
        serving(lambda name: b"", hold=threading.Event()) as url,
        pytest.raises(DataError, match=r"no answer within 0\.3 seconds"),
    ):
        fetch_all(tmp_path, url, patience=0.3)


def test_bytes_are_counted_from_the_last_progress(monkeypatch):
    """150 bytes came, and nothing since."""
    monkeypatch.setattr("course_utils.fashion_mnist.download.PROGRESS", 100)
    with (
        serving(lambda name: response(bytes(150), length=999), hold=threading.Event()) as url,
        pytest.raises(TimeoutError, match=r"only 0 bytes within 0\.4 seconds"),
    ):
        receive(url + "f.gz", limit=1000, patience=0.4)


@pytest.mark.parametrize("begun", [0, 150])
def test_dripping_server_is_given_up(begun, monkeypatch):
    """Every single read succeeds, and yet nothing gets done; not even after a good beginning."""
    monkeypatch.setattr("course_utils.fashion_mnist.download.PROGRESS", 100)
    done = threading.Event()

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip():
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(response(bytes(begun), length=10**6))
                while not done.wait(0.02):
                    peer.sendall(b"x")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            with pytest.raises(TimeoutError, match=r"(only \d+ bytes|no answer) within 0\.3"):
                receive(f"http://127.0.0.1:{listener.getsockname()[1]}/", limit=10**6, patience=0.3)
        finally:
            done.set()
            thread.join()


def test_slow_but_steady_server_is_waited_for(monkeypatch):
    """Longer than the patience in all, with progress within each."""
    monkeypatch.setattr("course_utils.fashion_mnist.download.PROGRESS", 10)
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            peer, _ = listener.accept()
            with peer:
                asked.append(peer.recv(4096))
                peer.sendall(response(b"", length=150))
                for _ in range(15):
                    time.sleep(0.05)
                    peer.sendall(b"0123456789")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert receive(url, limit=200, patience=0.5) == b"0123456789" * 15
        thread.join()
    assert b"\r\nUser-Agent: softmax-course\r\n" in asked[0]


def test_limit_is_inclusive():
    with serving(lambda name: response(b"0123456789")) as url:
        assert receive(url, limit=10, patience=10) == b"0123456789"
        with pytest.raises(OSError, match="more than the 9 bytes"):
            receive(url, limit=9, patience=10)


def test_mirrors_that_fail_are_passed_over_and_asked_only_once(tmp_path):
    asked = []
    with (
        serving(noting(asked, gone)) as first,
        serving(noting(asked, gone)) as second,
        serving(good) as third,
    ):
        fetch_all(tmp_path, first, second, third)
    assert left_in(tmp_path) == NAMES
    assert len(asked) == 2


def test_two_mirrors_that_fail_are_both_named_and_asked_once(tmp_path):
    """One has nothing, one has something else; neither is asked for the other three files."""
    asked = []

    def page(name):
        return response(b"<html>not here</html>")

    with (
        serving(noting(asked, gone)) as first,
        serving(noting(asked, page)) as second,
        pytest.raises(DataError) as caught,
    ):
        fetch_all(tmp_path, first, second)
    message = str(caught.value)
    assert message.index(first) < message.index("410") < message.index(f"\n  {second}")
    assert "not a gzip file" in message[message.index(second) :]
    assert "by hand" in message
    assert len(asked) == 2
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("there", [(), ("new",), ("new", "FashionMNIST", "raw")])
def test_what_fails_leaves_the_folders_as_they_were(there, tmp_path, monkeypatch):
    """Neither a server without files nor a full disk makes or removes a folder."""
    tmp_path.joinpath(*there).mkdir(parents=True, exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    with serving(lambda name: b"") as url, pytest.raises(DataError, match="not be downloaded"):
        fetch_all(tmp_path / "new", url)
    assert sorted(tmp_path.rglob("*")) == before

    def full(*args):
        raise FULL

    monkeypatch.setattr(os, "fsync", full)
    with serving(good) as url, pytest.raises(DataError, match="No space left"):
        fetch_all(tmp_path / "new", url)
    assert sorted(tmp_path.rglob("*")) == before


def test_interrupted_on_the_way_keeps_whole_files_only(tmp_path):
    def answer(name):
        return good(name) if "labels" in name else response(BODY[:500], length=len(BODY))

    with serving(answer) as url, pytest.raises(DataError, match="images"):
        fetch_all(tmp_path, url)
    assert left_in(tmp_path) == [name for name in NAMES if "labels" in name]
    with serving(good) as url:
        fetch_all(tmp_path, url)
    assert left_in(tmp_path) == NAMES


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        ("fsync", FULL, "(No space left on device); free 60 MB there or choose"),
        ("replace", FULL, "(No space left on device); free 60 MB there or choose"),
        ("fsync", OSError(errno.EACCES, "Permission denied"), "(Permission denied); choose"),
        ("fsync", OSError("it is odd"), "(it is odd); choose"),
    ],
)
def test_a_disk_that_refuses_leaves_nothing(step, error, words, tmp_path, monkeypatch):
    def refuse(*args):
        raise error

    monkeypatch.setattr(os, step, refuse)
    if step == "replace":
        monkeypatch.setattr(os, "link", refuse)
    with serving(good) as url, pytest.raises(DataError) as caught:
        fetch_all(tmp_path, url)
    assert str(caught.value).endswith(
        f"cannot be written {words} another folder: "
        "root=... or the environment variable FASHION_MNIST_ROOT"
    )
    assert any(name in str(caught.value) for name in NAMES)
    assert left_in(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.processes
def test_disk_that_really_refuses_more_bytes(tmp_path):
    """A limit on the file size: the write itself fails half-way."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from course_utils.fashion_mnist.download import store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "store(Path(sys.argv[1]) / 'f', bytes(5000))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "File too large" in run.stderr
    assert left_in(tmp_path) == []


def test_root_that_is_a_file(tmp_path):
    root = tmp_path / "root"
    root.write_text("mine")
    with serving(good) as url, pytest.raises(DataError, match="cannot be written"):
        fetch_all(root, url)
    assert root.read_text() == "mine"


def test_store_never_overwrites(tmp_path):
    target = tmp_path / "f"
    target.write_bytes(b"first")
    store(target, b"second")
    assert target.read_bytes() == b"first"
    assert left_in(tmp_path) == ["f"]


def test_store_without_hard_links(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store(tmp_path / "f", b"data")
    assert (tmp_path / "f").read_bytes() == b"data"
    assert left_in(tmp_path) == ["f"]


def test_stored_bytes_reach_the_disk_before_the_name_appears(tmp_path, monkeypatch):
    seen = []
    sync = os.fsync

    def fsync(number):
        seen.append((os.fstat(number).st_size, (tmp_path / "f").exists()))
        sync(number)

    monkeypatch.setattr(os, "fsync", fsync)
    store(tmp_path / "f", b"data")
    assert seen == [(4, False)]


@pytest.mark.processes
def test_three_processes_into_an_empty_cache(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from data_helpers import SMALL\n"
        "from course_utils.fashion_mnist.download import fetch_missing\n"
        "sys.stdin.read()\n"  # all wait for the same start
        "fetch_missing(Path(sys.argv[1]), SMALL.values(), mirrors=[sys.argv[2]], patience=20)\n"
    )
    places = os.pathsep.join(sys.path)
    with serving(good) as url:
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(tmp_path), url],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": places},
            )
            for _ in range(3)
        ]
        for run in runs:
            run.stdin.close()
        assert [run.wait(30) for run in runs] == [0, 0, 0]
    assert left_in(tmp_path) == NAMES
    assert {name: (raw_folder(tmp_path) / name).read_bytes() for name in NAMES} == PLAIN


@pytest.mark.processes
def test_killed_while_writing_leaves_no_file_under_a_data_name(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from course_utils.fashion_mnist.download import store\n"
        "os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)\n"
        "store(Path(sys.argv[1]) / 'f', bytes(5000))\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert run.returncode == -9
    assert not (tmp_path / "f").exists()


def test_network_is_not_touched_when_nothing_is_missing(tmp_path, capsys):
    write_small(tmp_path)
    fetch_missing(tmp_path, SMALL.values(), mirrors=[])
    assert capsys.readouterr().out == ""


def test_waits_fit_into_ten_seconds():
    assert PATIENCE * len(MIRRORS) <= 5


def test_checksums_and_first_mirror_are_torchvisions():
    dataset = import_torchvision().datasets.FashionMNIST
    assert {(f"{f.name}.gz", f.gz_md5) for f in FILES.values()} == set(dataset.resources)
    assert MIRRORS[0] in dataset.mirrors
