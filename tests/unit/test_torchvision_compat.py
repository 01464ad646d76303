"""torchvision is importable, whichever build is installed; the mend is used only where needed."""

import multiprocessing
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from data_helpers import ARRAYS, write_small

from course_utils.data import FashionMNIST, Split
from course_utils.fashion_mnist import torchvision_compat
from course_utils.fashion_mnist.torchvision_compat import import_torchvision, torchvision_root

# A worker that is not forked imports torchvision anew: 3 s of work each time.
SCRIPT = """
import multiprocessing, sys
if __name__ == "__main__":
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, StackDataset, Subset
    from course_utils.fashion_mnist.torchvision_compat import import_torchvision
    torchvision = import_torchvision()
    from torchvision import datasets, transforms
    both = transforms.Compose([transforms.Resize(14), transforms.ToTensor()])
    print(both(Image.new("L", (28, 28), 255)).shape, torchvision is import_torchvision())
    print(datasets.FashionMNIST.classes[0])
    whole = datasets.FashionMNIST(
        sys.argv[1], train=True, download=False, transform=transforms.ToTensor()
    )
    two = StackDataset(whole, Subset(whole, range(len(whole))))
    expected = torch.stack([whole[i][0] for i in range(8)])
    for method in multiprocessing.get_all_start_methods():
        print(method, flush=True)
        loader = DataLoader(two, 8, num_workers=1, multiprocessing_context=method)
        for images, labels in next(iter(loader)):
            print(tuple(images.shape), torch.equal(images, expected))
"""


@pytest.mark.processes
def test_data_sets_transforms_and_workers_work_however_these_are_started(tmp_path):
    write_small(tmp_path)
    script = tmp_path / "workers.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-W", "error", script, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = ["torch.Size([1, 14, 14]) True", "T-shirt/top"]
    for method in multiprocessing.get_all_start_methods():
        lines += [method, *["(8, 1, 28, 28) True"] * 2]
    assert done.stdout.splitlines() == lines, done.stderr
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
    monkeypatch.setattr(torchvision_compat.copyreg, "pickle", lambda cls, reduce: None)
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
    module.datasets = types.SimpleNamespace(FashionMNIST=object)
    broken = RuntimeError("operator torchvision::nms does not exist")
    asked, declared = fake_import(monkeypatch, broken, module)
    assert import_torchvision() is module
    assert (asked, declared) == (["torchvision"] * 2, [1])
    left = [name for name in sys.modules if name.split(".")[0] == "torchvision"]
    assert left == []
    assert "torchvisionary" in sys.modules


@pytest.fixture(scope="module")
def small():
    parts = [
        Split(
            torch.from_numpy(ARRAYS[f"{part}_images"]).float() / 255,
            torch.from_numpy(ARRAYS[f"{part}_labels"]).long(),
        )
        for part in ("train", "test")
    ]
    return FashionMNIST(*parts, source="synthetic")


def test_torchvision_reads_what_is_written_to_the_spare_folder(small, tmp_path, monkeypatch):
    monkeypatch.setenv("FASHION_MNIST_ROOT", str(tmp_path / "empty"))
    root = torchvision_root(small, tmp_path / "spare")
    assert root == tmp_path / "spare"
    dataset = import_torchvision().datasets.FashionMNIST
    for part, train in (("train", True), ("test", False)):
        read = dataset(root, train=train, download=False)
        np.testing.assert_array_equal(read.data.numpy(), ARRAYS[f"{part}_images"])
        assert read.targets.tolist() == ARRAYS[f"{part}_labels"].tolist()
    assert not (tmp_path / "empty").exists()


def test_torchvision_root_is_the_default_only_with_the_same_pictures(small, tmp_path, monkeypatch):
    folder = write_small(tmp_path / "here")
    monkeypatch.setenv("FASHION_MNIST_ROOT", str(tmp_path / "here"))
    assert torchvision_root(small, tmp_path / "spare") == tmp_path / "here"
    assert not (tmp_path / "spare").exists()
    last = sorted(folder.iterdir())[-1]
    changed = last.read_bytes()[:-1] + b"!"
    last.write_bytes(changed)
    assert torchvision_root(small, tmp_path / "spare") == tmp_path / "spare"
    assert last.read_bytes() == changed
