"""Importing torchvision beside a CPU-only torch.

A package registry may hold torchvision built for CUDA only. Beside a CPU-only torch its compiled
operators cannot be loaded, and then ``import torchvision`` fails with "operator torchvision::nms
does not exist" (pytorch/vision issue 8985, pytorch/pytorch issue 122494), although data sets and
transforms need no compiled operator. Declaring the two operators that it looks for is enough.
"""

import importlib
import sys
from functools import cache
from types import ModuleType

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def import_torchvision() -> ModuleType:
    """Import torchvision, with the mend only where the plain import fails for that reason.

    Data sets and transforms then work; operators such as ``torchvision.ops.nms`` still raise.

    Raises
    ------
    ImportError
        torchvision is not installed.
    RuntimeError
        It fails for another reason, or despite the mend: that error, unchanged.

    Introduced in chapter 06.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the failed import left behind
    declare_operators()
    return importlib.import_module("torchvision")


@cache  # kept for good: the declarations vanish with the Library object
def declare_operators() -> torch.library.Library:
    """Declare torchvision's two operators, without an implementation."""
    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
    return library
