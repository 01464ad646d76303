"""torchvision is importable, whichever build is installed; the mend is used only where needed."""

import subprocess
import sys
import types

import pytest

from course_utils import torchvision_compat
from course_utils.torchvision_compat import import_torchvision


def run(code):
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_data_sets_and_transforms_work():
    done = run(
        "from course_utils.torchvision_compat import import_torchvision\n"
        "torchvision = import_torchvision()\n"
        "from torchvision import datasets, transforms\n"
        "from PIL import Image\n"
        "both = transforms.Compose([transforms.Resize(14), transforms.ToTensor()])\n"
        "print(both(Image.new('L', (28, 28), 255)).shape, torchvision is import_torchvision())\n"
        "print(datasets.FashionMNIST.classes[0])"
    )
    assert done.stdout == "torch.Size([1, 14, 14]) True\nT-shirt/top\n", done.stderr
    assert done.stderr == ""


def fake_import(monkeypatch, *results):
    """Let importing torchvision give these results, one after the other."""
    queue = list(results)
    asked = []

    def import_module(name):
        asked.append(name)
        result = queue.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    declared = []
    monkeypatch.setattr(torchvision_compat.importlib, "import_module", import_module)
    monkeypatch.setattr(torchvision_compat, "declare_operators", lambda: declared.append(1))
    return asked, declared


def test_plain_import_that_works_is_left_alone(monkeypatch):
    module = types.ModuleType("torchvision")
    asked, declared = fake_import(monkeypatch, module)
    assert import_torchvision() is module
    assert (asked, declared) == (["torchvision"], [])


@pytest.mark.parametrize(
    "error", [ImportError("No module named 'torchvision'"), RuntimeError("something else")]
)
def test_other_failures_pass_through(error, monkeypatch):
    _, declared = fake_import(monkeypatch, error)
    with pytest.raises(type(error), match=str(error)):
        import_torchvision()
    assert declared == []


def test_mend_clears_the_failed_import_and_tries_again(monkeypatch):
    module = types.ModuleType("torchvision")
    for name in ("torchvision", "torchvision.extension", "torchvisionary"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    broken = RuntimeError("operator torchvision::nms does not exist")
    asked, declared = fake_import(monkeypatch, broken, module)
    assert import_torchvision() is module
    assert (asked, declared) == (["torchvision"] * 2, [1])
    left = [name for name in sys.modules if name.split(".")[0] == "torchvision"]
    assert left == []
    assert "torchvisionary" in sys.modules


def test_importing_the_module_does_not_import_torchvision():
    done = run("import sys, course_utils.torchvision_compat; print('torchvision' in sys.modules)")
    assert done.stdout == "False\n", done.stderr
