"""Setting up: which PyTorch is taken, from servers on this machine that behave well and badly."""

import base64
import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from urllib.request import urlopen

import install
import pytest
from data_helpers import response, serving

PINS = ["torch==2.13.0", "torchvision==0.28.0"]
PROJECT = 'requires-python = ">=3.11,<3.15"'


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


#: What an index may list for torch and torchvision, and the reason why it can't be used, if any.
ANSWERS = {
    "both": ("torch-2.13.0%2Bcpu-cp311.whl", "torchvision-0.28.0+cpu-cp311.whl", ""),
    "of no special build": ("torch-2.13.0-cp311.whl", "torchvision-0.28.0-cp311.whl", ""),
    "another version": ("torch-2.13.1+cpu-cp311.whl", None, "it lists no torch 2.13.0"),
    "a longer number": ("torch-2.13.01-cp311.whl", None, "it lists no torch 2.13.0"),
    "a longer name": ("pytorch-2.13.0-cp311.whl", None, "it lists no torch 2.13.0"),
    "no torchvision": (
        "torch-2.13.0-cp311.whl", "torch-0.28.0.whl", "it lists no torchvision 0.28.0"
    ),
    "a portal's page": ("<html>Please log in</html>", None, "it lists no torch 2.13.0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("end", ["", "/"])
def test_an_index_is_used_only_if_it_lists_both_packages(kind, end, monkeypatch):
    torch, torchvision, reason = ANSWERS[kind]
    pages = {"torch": torch, "torchvision": torchvision}
    answers = {(f"https://a.org/cpu/{name}/", install.PATIENCE): f'<a href="{page}">{page}</a>'
               for name, page in pages.items() if page}  # fmt: skip
    monkeypatch.setattr(install, "read_page", lambda *given: answers.pop(given))
    assert install.lacks(f"https://a.org/cpu{end}", PINS) == reason
    assert answers == {}
    assert install.PATIENCE < 10  # nobody waits long for a server that is silent


def test_a_page_is_read_whole_if_it_is_no_film(monkeypatch):
    def opened(request, timeout):
        assert request.header_items() == [("Accept", "text/html"), ("User-agent", "softmax-course")]
        return urlopen(request, timeout=timeout)

    monkeypatch.setattr(install, "urlopen", opened)
    with serving(lambda name: response(b"a" * 700_000 + "ä".encode())) as url:
        assert install.read_page(url, 10) == "a" * 700_000 + "ä"
        monkeypatch.setattr(install, "LIMIT", 9)
        assert install.read_page(url, 10) == "a" * 9


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (response(b"gone", status="404 Not Found"), "404"),
        (b"220 ftp ready\r\n\r\n", "BadStatusLine"),
        (response(bytes(range(256))), "it lists no torch 2.13.0"),
        (b"", "RemoteDisconnected"),
    ],
    ids=["404", "no http", "garbage", "nothing"],
)
def test_a_bad_answer_is_a_reason(answer, words):
    with serving(lambda name: answer) as url:
        assert words in install.lacks(url, PINS, patience=10)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n<html>"])
def test_a_silent_server_costs_the_patience_once(sent):
    asked, others = [], set(threading.enumerate())

    def answer(name):
        asked.append(name)
        return sent

    with serving(answer, hold=threading.Event()) as url:
        assert "no whole answer within 0.1 seconds" in install.lacks(url, PINS, patience=0.1)
        assert "no whole answer" in install.lacks(url, PINS, patience=0.1)
        begun = set(threading.enumerate()) - others
        assert begun
        assert all(thread.daemon for thread in begun)  # none keeps the program from ending
    assert len(asked) == 2  # once a call: what fails for torch isn't asked for torchvision


@pytest.mark.parametrize(
    ("version", "words"),
    [((3, 10), "3.10"), ((3, 15), "3.15"), ((2, 7), "2.7"), ((4, 12), "4.12")],
)
def test_another_python_is_refused_with_the_ones_that_work(version, words):
    assert install.unsupported(version, PROJECT) == (
        f"The course needs Python 3.11 to 3.14; this is {words}. "
        "Name another: make PYTHON=python3.13 install"
    )


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_the_oldest_and_the_newest_python_will_do(version):
    assert install.unsupported(version, PROJECT) == ""


def test_the_pins_are_those_of_the_requirements():
    text = (install.ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert [pin.partition("==")[0] for pin in install.pins(text)] == ["torch", "torchvision"]
    others = "torchaudio==1\npytorch==2\n# torch==3\ntorch>=4\n"
    assert install.pins(f"{others}torch==5 # why\ntorchvision==6+cpu\n{others}") == [
        *("torch==5", "torchvision==6+cpu")
    ]


@pytest.mark.parametrize(
    ("versions", "same"),
    [
        ({"torch": "2.13.0+cpu", "torchvision": "0.28.0+cpu"}, True),
        ({"torch": "2.13.0", "torchvision": "0.28.0"}, True),
        ({"torch": "2.13.0+cpu", "torchvision": "0.28.0"}, False),
        ({"torch": "2.12.0+cpu", "torchvision": "0.28.0+cpu"}, False),
        ({"torch": "2.13.0+cpu"}, False),
        ({}, False),
    ],
)
def test_what_is_there_counts_only_as_a_pair_of_one_build(versions, same):
    assert install.same_build(versions, PINS) is same


@pytest.mark.processes
@pytest.mark.parametrize("there", [{"torch": "2.13.0+cpu", "torchvision": "0.28.0"},
                                   {"torchvision": "0.27.1"}, {}], ids=len)  # fmt: skip
def test_the_versions_are_those_that_a_python_finds(there, tmp_path, monkeypatch):
    for name, version in (there | {"numpy": "1.0"}).items():
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    run = subprocess.run
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(  # -S: without what this Python has itself
        subprocess, "run", lambda command, **how: run([command[0], "-S", *command[1:]], **how)
    )
    assert install.installed(Path(sys.executable)) == there


@pytest.fixture
def choose(monkeypatch):
    """Run install_torch with a given environment and index; return the calls of pip."""

    def run(choice, *, there=None, reason="", status=0, platform="linux"):
        calls = []
        monkeypatch.setattr(sys, "platform", platform)
        given = {(install.CPU_INDEX, *PINS): reason}
        monkeypatch.setattr(install, "installed", {Path("python"): there or {}}.__getitem__)
        monkeypatch.setattr(install, "lacks", lambda index, packages: given[index, *packages])
        monkeypatch.setattr(install, "pip", lambda python, *a: calls.append(a) or status)
        return install.install_torch(Path("python"), choice, PINS), calls

    return run


def test_on_linux_the_pair_comes_from_the_index_for_the_processor(choose, capsys):
    assert choose("cpu") == (0, [("--no-deps", *PINS, "--index-url", install.CPU_INDEX)])
    assert capsys.readouterr().out == ""


def test_nothing_is_asked_where_the_pair_is_there_or_the_registry_will_do(choose, capsys):
    pair = {"torch": "2.13.0+cpu", "torchvision": "0.28.0+cpu"}
    assert choose("cpu", there=pair, reason="asked") == (0, [])
    assert choose("cpu", platform="darwin", reason="asked") == (0, [])
    assert choose("cpu", platform="win32", reason="asked") == (0, [])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("reason", "status", "words"),
    [("no answer", 0, "no answer"), ("", 1, "pip could not install from there")],
)
def test_an_index_that_fails_is_named_and_the_registry_takes_over(
    choose, capsys, reason, status, words
):
    assert choose("cpu", reason=reason, status=status)[0] == 0
    assert capsys.readouterr().out == (
        "PyTorch's index for the processor, https://download.pytorch.org/whl/cpu, did not serve: "
        f"{words}.\nThe default registry is used instead; on Linux its PyTorch may bring several "
        "GB.\n"
    )


def test_cuda_takes_the_registrys_build_in_the_place_of_another(choose):
    assert choose("cuda") == (0, [("--no-deps", *PINS)])
    assert choose("cuda", there={"torch": "2.13.0"}) == (0, [("--no-deps", *PINS)])
    for build in ("cpu", "cu130"):
        there = {"torch": f"2.13.0+{build}", "torchvision": f"0.28.0+{build}"}
        assert choose("cuda", there=there) == (0, [("--no-deps", "--force-reinstall", *PINS)])


def test_an_index_of_ones_own_fails_loudly(choose):
    url = "https://example.org/cu130"
    calls = [("--no-deps", "--force-reinstall", *PINS, "--index-url", url)]
    assert choose(url, status=1) == (1, calls)


@pytest.mark.parametrize("choice", ["gpu", "", "download.pytorch.org/whl/cpu"])
def test_a_choice_that_is_none_is_refused(choice, capsys):
    with pytest.raises(SystemExit) as ended:
        install.main(["--torch", choice])
    assert ended.value.code == 2
    assert (
        f'--torch (make TORCH=...) must be "cpu", "cuda" or a URL, got {choice!r}'
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("choice", ["cpu", "cuda", "http://a.org", "https://a.org", "file:///a"])
def test_a_choice_is_handed_on(choice, monkeypatch):
    asked = []
    monkeypatch.setattr(install.subprocess, "run", lambda *given, **how: None)
    monkeypatch.setattr(install, "install_torch", lambda python, *a: asked.append(a[0]) or 1)
    assert install.main(["--torch", choice]) == 1
    assert asked == [choice]


def test_a_python_that_will_not_do_ends_as_a_failure(monkeypatch, capsys):
    monkeypatch.setattr(install.sys, "version_info", (3, 9))
    monkeypatch.setattr(install.subprocess, "run", None)  # nothing is installed
    assert install.main([]) == 1
    assert install.unsupported((3, 9), PROJECT) in capsys.readouterr().err


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("torch", "rest"), [(0, 0), (1, 0), (0, 7)])
@pytest.mark.parametrize("system", ["linux", "win32"])
def test_the_environment_is_made_once_and_the_first_failure_ends_it(
    system, there, torch, rest, tmp_path, monkeypatch, capsys
):
    for name in ("pyproject.toml", "requirements.txt"):
        (tmp_path / name).write_text((install.ROOT / name).read_text("utf-8"), "utf-8")
    python = tmp_path / ".venv" / ("Scripts/python.exe" if system == "win32" else "bin/python")
    if there:
        python.parent.mkdir(parents=True)
        python.touch()
    ran, chosen = [], []

    def run(command, **how):
        ran.append((command[1:], how))
        return subprocess.CompletedProcess(command, rest)

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install.subprocess, "run", run)
    monkeypatch.setattr(install, "install_torch", lambda *given: chosen.append(given) or torch)
    assert install.main([]) == (torch or rest)
    pins = install.pins((tmp_path / "requirements.txt").read_text("utf-8"))
    assert chosen == [(python, "cpu", pins)]
    made = [(["-m", "venv", str(tmp_path / ".venv")], {"check": True})]
    last = ["-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
    filled = [(last, {"cwd": tmp_path, "check": False})]
    assert ran == made * (not there) + filled * (not torch)
    assert capsys.readouterr().out == (
        "Installing the pinned packages into .venv; the first time takes minutes.\n"
    )


def wheel(folder, name, version):
    """Write a wheel that holds nothing but its name."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    lines = []
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in ((f"{info}/METADATA", metadata), (f"{info}/WHEEL", tag)):
            archive.writestr(file, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            lines.append(f"{file},sha256={digest.decode()},{len(text)}\n")
        archive.writestr(f"{info}/RECORD", "".join(lines) + f"{info}/RECORD,,\n")
    return path


@pytest.mark.processes  # makes an environment, with pip
@pytest.mark.parametrize("broken", [False, True], ids=["whole", "one cut off"])
def test_a_real_pip_installs_the_pair_or_says_why_not(broken, tmp_path, monkeypatch, capsys):
    """From an index on this machine; the names are not torch's, which this machine may have."""
    names = {"course-probe-a": "course_probe_a", "course-probe-b": "course_probe_b"}
    wheels = {f: wheel(tmp_path, f, "1.2+cpu").read_bytes() for f in names.values()}
    if broken:
        wheels["course_probe_b"] = wheels["course_probe_b"][:100]

    files = {name: f"{file}-1.2+cpu-py3-none-any.whl" for name, file in names.items()}

    def answer(path):
        if path.endswith(".whl"):
            return response(wheels[path.partition("-")[0]])
        body = "".join(f'<a href="/{f}">{f}</a>' for n, f in files.items() if path in ("", n))
        return response(body.encode()).replace(b"\r\n", b"\r\nContent-Type: text/html\r\n", 1)

    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    monkeypatch.setattr(sys, "platform", "linux")
    for variable in [v for v in os.environ if v.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    with serving(answer) as url:
        monkeypatch.setattr(install, "CPU_INDEX", url)
        pins = [f"{file}==1.2" for file in names.values()]
        monkeypatch.setattr(install, "lacks", lambda index, packages: "")
        assert install.install_torch(python, "cpu", pins) == 0
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout
    said = capsys.readouterr().out
    assert ("course_probe_a==1.2+cpu" in listed.replace("-", "_")) is not broken
    assert ("pip could not install from there" in said) is broken
