"""A guarded command ends with everything that came of it, whoever is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_utils.parallel.guard import MARK, end_of, guarded, marked

pytestmark = [
    pytest.mark.xdist_group("processes"),
    pytest.mark.skipif(os.name == "nt", reason="signals as on Unix"),
]

# Asks for a guarded command: arguments are the folder, the limit, and the command.
ASKER = """
import signal, sys
from pathlib import Path
from course_utils.parallel.guard import guarded
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
folder, limit, *command = sys.argv[1:]
print(guarded(command, Path(folder), timeout=float(limit), env={}))
"""
# Starts a process that hides (a session of its own, no environment) and one that has lost its
# parent besides; is deaf to polite signals; says that it is there; then ends or sleeps.
HIDES = """
import signal, subprocess, sys, time
from pathlib import Path
here, orphan, seconds = Path(sys.argv[1]), sys.argv[2] == "orphan", float(sys.argv[3])
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)", str(here)]
HIDE = f"import subprocess; subprocess.Popen({SLEEP!r}, env={{}}, start_new_session=True)"
subprocess.Popen(SLEEP, env={}, start_new_session=True)
if orphan:
    subprocess.run([sys.executable, "-c", HIDE], env={}, check=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("a word", flush=True)
(here / "up").touch()
time.sleep(seconds)
"""


@pytest.fixture
def hides(tmp_path):
    """The command, with or without an orphan, ending by itself or not."""
    script = tmp_path / "hides.py"
    script.write_text(HIDES)

    def command(orphan=True, seconds=600):
        words = (script, tmp_path, "orphan" if orphan else "none", seconds)
        return [sys.executable, *map(str, words)]

    return command


def wait_for(path, process):
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)


def test_a_command_that_ends_leaves_nothing_running(hides, temporary, nothing_left):
    ended = guarded(hides(seconds=0), temporary / "run", timeout=30, env={})
    nothing_left(0)
    assert ended.code == 0
    ((name, (when, text)),) = ended.files.items()
    assert (name, text) == ("command.log", "a word\n")
    assert 0 <= time.time() - when < 60
    assert 0 < ended.seconds < 30


def test_a_limit_is_a_limit(hides, temporary, nothing_left):
    start = time.monotonic()
    ended = guarded(hides(), temporary / "run", timeout=2, env={})
    assert 2 < time.monotonic() - start < 8
    nothing_left(0)
    assert ended.code is None
    assert ended.files["command.log"][1] == "a word\n"


def guard_of(asker):
    (guard,) = psutil.Process(asker.pid).children()
    return guard


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        ("asker", signal.SIGINT),
        ("asker", signal.SIGTERM),
        ("asker", signal.SIGKILL),
        ("guard", signal.SIGTERM),
        ("guard", signal.SIGINT),
        ("guard", signal.SIGHUP),
        ("guard", signal.SIGKILL),
        ("command", signal.SIGKILL),
    ],
)
def test_whoever_is_killed_nothing_stays(victim, number, hides, tmp_path, temporary, nothing_left):
    # Where even the guard is killed, an orphan without environment can't be told from others.
    command = hides(orphan=(victim, number) != ("guard", signal.SIGKILL))
    args = [sys.executable, "-c", ASKER, temporary / "run", "60", *command]
    with subprocess.Popen(
        [*map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as asker:
        wait_for(tmp_path / "up", asker)
        guard = guard_of(asker)
        ours = next(child for child in guard.children() if child.cmdline()[1:] == command[1:])
        victims = {"asker": asker, "guard": guard, "command": ours}
        victims[victim].send_signal(number)
        nothing_left(5)
        output, errors = asker.communicate(timeout=10)
    if victim == "command":
        assert "code=-9" in output
    elif victim == "asker":
        assert asker.returncode == -number
        assert output == ""
    elif number != signal.SIGKILL:
        assert "code=None" in output
    else:
        assert "all it had started was ended; start it again" in errors


@pytest.mark.parametrize("by", ["sight", "mark"])
def test_where_orphans_cannot_be_adopted_they_are_known_by(by, tmp_path, temporary, nothing_left):
    """As on other systems than Linux: who was once seen as a descendant, or has the mark."""
    program = (
        "import sys, psutil, course_utils.parallel.guard as guard\n"
        "from pathlib import Path\n"
        "guard.adopt_orphans = lambda: False\n"
        "if sys.argv[1] == 'mark':\n"
        "    psutil.Process.children = lambda *given, **how: []\n"
        "folder = Path(sys.argv[2])\n"
        "folder.mkdir()\n"
        "print(guard.watch(sys.argv[3:], folder, 30, lambda: True).code)\n"
    )
    sleep = [sys.executable, "-c", "import time; time.sleep(600)", str(tmp_path)]
    start = "import subprocess, sys, time\nsubprocess.Popen({!r}, {}start_new_session=True)"
    code = start.format(sleep, "")
    if by == "sight":  # for a second; then its parent ends, and half a second later the command
        parent = start.format(sleep, "env={}, ") + "\ntime.sleep(1)"
        code = f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {parent!r}])"
        code += "\ntime.sleep(0.5)"
    run = [sys.executable, "-c", program, by, tmp_path / "run", sys.executable, "-c", code]
    done = subprocess.run(map(str, run), capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
    nothing_left(0)


@pytest.mark.processes
def test_what_another_command_started_is_none_of_ours(tmp_path):
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(sleep, env=os.environ | {MARK: str(tmp_path / "other")}) as other:
        try:
            assert marked(tmp_path) == set()
            assert {process.pid for process in marked(tmp_path / "other")} == {other.pid}
        finally:
            other.kill()


def test_a_folder_that_exists_is_not_touched(temporary):
    mine = temporary / "mine"
    mine.mkdir()
    (mine / "thesis").touch()
    with pytest.raises(ValueError, match="folder must not exist yet"):
        guarded(["true"], mine, timeout=5, env={})
    assert (mine / "thesis").exists()


def test_a_command_that_prints_for_ever_is_ended_in_time(temporary, nothing_left):
    start = time.monotonic()
    endless = "while True: print('a word\\n' * 99, end='')"
    ended = guarded([sys.executable, "-c", endless], temporary / "run", timeout=2, env={})
    assert time.monotonic() - start < 8
    text = ended.files["command.log"][1]
    assert "a word\n" in text[-20:]  # it was ended in the middle of one
    assert 1_000_000 < len(text) < 1_000_100
    assert " bytes before this are left out)\n" in text[:60]


def test_of_a_long_file_the_end_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("course_utils.parallel.guard.KEPT", 4)
    path = tmp_path / "log"
    for text, kept in (
        ("", ""),
        ("abcd", "abcd"),
        ("abcdef", "(2 bytes before this are left out)\ncdef"),
    ):
        path.write_text(text)
        assert end_of(path) == kept


def test_a_command_has_our_folder_and_environment_and_may_print_no_text(
    temporary, tmp_path, monkeypatch, nothing_left
):
    monkeypatch.chdir(tmp_path)
    Path("json.py").write_text("raise KeyError")  # is nothing that the guard needs
    for name in ("ADDED", "KEPT"):
        monkeypatch.setenv(name, "old")
    write = (
        "import os, sys; sys.stdout.buffer.write(bytes([200, 10])); "
        "print(os.environ['ADDED'], os.environ['KEPT'], os.path.exists('json.py'))"
    )
    command, added = [sys.executable, "-c", write], {"ADDED": "new"}
    ended = guarded(command, temporary / "run", timeout=30, env=added)
    said = ended.files["command.log"][1]
    assert sorted(said.splitlines()) == ["new old True", "\N{REPLACEMENT CHARACTER}"]
    assert not Path(temporary / "run").exists()
