"""What the mathematics and the data are built on is small: importing them brings nothing heavy."""

import subprocess
import sys

import pytest

LIGHT = ("data", "losses", "error_bounds", "softmax", "fashion_mnist.torchvision_compat")
HEAVY = ("IPython", "PIL", "matplotlib", "torchvision")


@pytest.mark.processes
def test_light_modules_bring_nothing_heavy():
    code = (
        f"import sys, {', '.join(f'course_utils.{name}' for name in LIGHT)}\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
