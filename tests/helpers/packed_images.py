"""Images for training in the page: drawn, few, and packed as the build packs them."""

from pathlib import Path

import numpy as np
import torch
from book_ext import lab_images

PART = lab_images.PART


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, 28, 28) of 0 to 255 and labels (n,): ten noisy patterns, half black."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 10
    patterns = torch.rand(10, 28, 28, generator=torch.Generator().manual_seed(99)) > 0.6
    noise = torch.rand(n, 28, 28, generator=generator)
    bright = patterns[labels] ^ (noise < 0.2)
    return (bright * noise * 255).to(torch.uint8).numpy(), labels.numpy()


def drawn_arrays(parts: int) -> dict[str, np.ndarray]:
    """Return the four arrays, as the data set's files hold them.

    Each of 2000 test images stands there as often as the page leaves some out.
    """
    train, test = drawn(parts * PART, seed=5), drawn(2_000, seed=4)
    test = [np.repeat(array, lab_images.EVERY, axis=0) for array in test]
    names = ("train_images", "train_labels", "test_images", "test_labels")
    return dict(zip(names, (*train, *test), strict=True))


def write_images(folder: Path, parts: int = 5) -> str:
    """Write the files; return the script that tells a page beside ``folder`` of them."""
    lab_images.write_parts(folder, drawn_arrays(parts))
    return f"<script>{lab_images.where(folder, folder.name + '/')}</script>"
