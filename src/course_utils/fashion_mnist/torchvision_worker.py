"""What a DataLoader's worker imports first, where torchvision needs its mend.

A worker that is spawned (macOS, Windows, Linux from Python 3.14) begins with an empty interpreter
and unpickles the data set, which imports torchvision: too early for a call. So the pickle of a
mended torchvision's data set names the function below first, and importing this module mends.
"""

from course_utils.fashion_mnist.torchvision_compat import import_torchvision

import_torchvision()


def new_instance(cls: type) -> object:
    """An instance whose attributes pickle sets next."""
    return object.__new__(cls)
