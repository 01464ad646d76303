"""Importing torchvision beside a CPU-only torch, and giving it the pictures as files.

A package registry may hold torchvision built for CUDA only. Beside a CPU-only torch its compiled
operators cannot be loaded, and then ``import torchvision`` fails with "operator torchvision::nms
does not exist" (pytorch/vision issue 8985, pytorch/pytorch issue 122494), although data sets and
transforms need no compiled operator. Declaring the two operators that it looks for is enough.
"""

import copyreg
import importlib
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import torch

from course_utils.data import FashionMNIST
from course_utils.fashion_mnist.download import store
from course_utils.fashion_mnist.idx import FILES, idx_bytes, raw_folder
from course_utils.fashion_mnist.sources import default_root

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def import_torchvision() -> ModuleType:
    """Import torchvision, with the mend only where the plain import fails for that reason.

    Data sets and transforms then work, also in the workers of a DataLoader; operators such as
    ``torchvision.ops.nms`` still raise.

    Raises
    ------
    ImportError
        torchvision is not installed.
    RuntimeError
        It fails for another reason, or despite the mend: that error, unchanged.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the failed import left behind
    declare_operators()
    torchvision = importlib.import_module("torchvision")
    copyreg.pickle(torchvision.datasets.FashionMNIST, _reduced)
    return torchvision


def _reduced(dataset: object) -> tuple:
    """How a data set is pickled so that a spawned worker mends torchvision before it needs it."""
    from course_utils.fashion_mnist.torchvision_worker import new_instance

    return new_instance, (type(dataset),), dataset.__dict__


@cache  # kept for good: the declarations vanish with the Library object
def declare_operators() -> torch.library.Library:
    """Declare torchvision's two operators, without an implementation."""
    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
    return library


def torchvision_root(data: FashionMNIST, spare: str | os.PathLike[str]) -> Path:
    """A folder from which ``torchvision.datasets.FashionMNIST`` reads the same pictures.

    The default root, if its files hold them; else they are written to ``spare``, so that the
    stand-in can be read with torchvision too.

    Parameters
    ----------
    data : FashionMNIST
        Not resized.
    spare : path
        A folder of the caller's; written to only if needed.
    """
    contents = {}
    for part, split in (("train", data.train), ("test", data.test)):
        images = (split.images * 255).round().byte().numpy()
        contents[FILES[f"{part}_images"].name] = idx_bytes(images)
        contents[FILES[f"{part}_labels"].name] = idx_bytes(split.labels.byte().numpy())
    if all(_holds(raw_folder(default_root()) / name, contents[name]) for name in contents):
        return default_root()
    folder = raw_folder(Path(spare))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        store(folder / name, content)
    return Path(spare)


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file is there with this content."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False
