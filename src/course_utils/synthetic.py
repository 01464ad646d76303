"""The stand-in for Fashion-MNIST, drawn by code."""

import numpy as np


def make_arrays() -> dict[str, np.ndarray]:
    """Not written yet: noise that differs a little by class."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, n in {"train": 60_000, "test": 10_000}.items():
        labels = rng.integers(0, 10, n, dtype=np.uint8)
        images = rng.integers(0, 180, (n, 28, 28), dtype=np.uint8)
        images += (labels * 2)[:, None, None]
        arrays |= {f"{part}_images": images, f"{part}_labels": labels}
    return arrays


def stand_in_notice(reason: str) -> str:
    """What is printed when the stand-in takes the place of the real data."""
    return f"STAND-IN DATA: {reason}"
