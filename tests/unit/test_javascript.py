"""The figure kit's pure functions, tested where they are written: in JavaScript, by deno."""

import os
import subprocess
from pathlib import Path

import deno
import pytest

FOLDER = Path(__file__).with_name("javascript")


@pytest.mark.processes
def test_pure_parts_of_the_figure_kit():
    command = [deno.find_deno_bin(), "test", "--quiet", "--no-remote", FOLDER]
    quiet = os.environ | {"NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=quiet)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout
