"""The stand-in for Fashion-MNIST: garment-like silhouettes drawn by code, seeded.

Every picture is one or two bands. A garment on a hanger is symmetric, so a row needs only an inner
and an outer edge, measured from the middle: ``inner < |column - middle| < outer``. A shoe is seen
from the side, so a column needs a top and a bottom edge. Drawing 70 000 of them is then a few
array operations. Tops overlap on purpose: a shirt may look like a T-shirt, a pullover or a coat.
"""

from textwrap import wrap

import numpy as np

SIDE = 28
LINES = np.arange(SIDE, dtype=np.float32)  # row or column numbers, (28,)
#: What differs between the tops, each drawn between (low, high), in pixels.
TOPS: dict[int, dict[str, tuple[float, float]]] = {
    0: {"hem": (22, 29), "half": (5.5, 8.5), "sleeve": (4, 11), "neck": (1.0, 4.5)},  # T-shirt
    2: {"hem": (22, 29), "half": (5.5, 8.3), "sleeve": (17, 26), "neck": (0.5, 4.0)},  # pullover
    3: {"hem": (25, 30), "half": (3.0, 6.0), "sleeve": (0, 14), "neck": (0.5, 4.0)},  # dress
    4: {"hem": (24, 30), "half": (6.2, 9.2), "sleeve": (18, 27), "neck": (0.3, 2.5)},  # coat
    6: {"hem": (22, 29), "half": (5.2, 8.7), "sleeve": (5, 26), "neck": (0.3, 4.0)},  # shirt
}
FRONT_LINE = {0: 0.05, 2: 0.02, 3: 0.1, 4: 0.8, 6: 0.4}  # share with a zip or a row of buttons


def make_arrays(
    num_train: int = 60_000, num_test: int = 10_000, *, seed: int = 0
) -> dict[str, np.ndarray]:
    """Draw training and test pictures with their labels, the ten classes equally often.

    Returns
    -------
    dict of ndarray of uint8
        ``train_images`` (num_train, 28, 28), ``train_labels`` (num_train,), the same for ``test``.
    """
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for part, n in {"train": num_train, "test": num_test}.items():
        labels = rng.permutation(np.arange(n, dtype=np.int64) % 10).astype(np.uint8)
        images = np.empty((n, SIDE, SIDE), dtype=np.uint8)
        for label in range(10):
            where = np.flatnonzero(labels == label)
            for few in np.array_split(where, max(1, len(where) // 50)):  # stays in the cache
                images[few] = draw(label, len(few), rng)
        arrays |= {f"{part}_images": images, f"{part}_labels": labels}
    return arrays


def draw(label: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw ``n`` pictures of one class: uint8 of shape (n, 28, 28)."""
    shape = _shoe if label in (5, 7, 9) else _bag if label == 8 else _trousers
    cover = _top(label, n, rng) if label in TOPS else shape(label, n, rng)
    brightness = 1 - 0.9 * rng.random((n, 1, 1), dtype=np.float32) ** 3.5
    print_strength = 200 * rng.random((n, 1, 1), dtype=np.float32) ** 3.5
    pattern = rng.random((n, 7, 7), dtype=np.float32) * print_strength
    shade = 255 - rng.integers(0, 32, (n, SIDE, SIDE), dtype=np.uint8)
    return (cover * brightness * (shade - pattern.repeat(4, 1).repeat(4, 2))).astype(np.uint8)


def _uniform(rng: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    """One number per picture, shape (n, 1)."""
    return rng.uniform(low, high, (n, 1)).astype(np.float32)


def _band(position: np.ndarray, inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """How much of each pixel lies between two edges, from 0 to 1: soft over one pixel."""
    return np.clip(np.minimum(outer - position, position - inner) + 0.5, 0, 1)


def _distance(n: int, rng: np.random.Generator) -> np.ndarray:
    """Distance of each column from the middle of the garment, (n, 1, 28)."""
    return np.abs(LINES - 13.5 - _uniform(rng, n, -1.5, 1.5))[:, None, :]


def _top(label: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """T-shirt, pullover, dress, coat or shirt: a body with a neckline, and two sleeves."""
    look = TOPS[label]
    start, hem = _uniform(rng, n, 0, 3), _uniform(rng, n, *look["hem"])
    below = LINES - start  # rows below the shoulder, (n, 28)
    half = _uniform(rng, n, *look["half"])
    flare = _uniform(rng, n, 0, 0.16 if label == 3 else 0.05)
    worn = (below >= 0) & (hem >= LINES)
    body = np.where(worn, half + flare * below, -1)
    neck = _uniform(rng, n, *look["neck"]) * np.clip(1.5 - below / 3, -1, 1)
    length = _uniform(rng, n, *look["sleeve"])
    reach = half + _uniform(rng, n, 3.5, 6.0) * (1 - np.exp(-np.clip(below, 0, None) / 4))
    sleeve = np.where((below >= 0) & (below <= length), reach, -1)
    away = _distance(n, rng)
    cover = _band(away, neck[:, :, None], body[:, :, None])
    np.maximum(cover, _band(away, (reach - 3.5)[:, :, None], sleeve[:, :, None]), out=cover)
    line = (rng.random((n, 1, 1)) < FRONT_LINE[label]) * _uniform(rng, n, 0.2, 0.8)[:, :, None]
    return cover * (1 - line.astype(np.float32) * (away < 0.8))


def _trousers(label: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Two legs that part below the waist."""
    crotch, half = _uniform(rng, n, 6, 20), _uniform(rng, n, 3.2, 6.2)
    gap = (LINES - crotch) * _uniform(rng, n, 0.03, 0.2)
    outer = half + LINES * _uniform(rng, n, -0.05, 0.1)
    inner = np.where(crotch < LINES, gap, -1)
    return _band(_distance(n, rng), inner[:, :, None], outer[:, :, None])


def _bag(label: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """A box with a handle over it, or without one."""
    top, bottom = _uniform(rng, n, 2, 14), _uniform(rng, n, 21, 28)
    half = _uniform(rng, n, 8, 14) + LINES * _uniform(rng, n, -0.05, 0.05)
    box = np.where((top <= LINES) & (bottom >= LINES), half, -1)
    away, width = _distance(n, rng), _uniform(rng, n, 4, 9)
    height = np.clip((top - LINES) / _uniform(rng, n, 3, 9), 0, 1)  # 0 at the box, 1 at the apex
    arch = np.where(top >= LINES, width * np.sqrt(1 - height**2), -1)
    cover = _band(away, -np.ones_like(box)[:, :, None], box[:, :, None])
    return np.maximum(cover, _band(away, (arch - 2)[:, :, None], arch[:, :, None]))


def _shoe(label: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Sandal, sneaker or ankle boot from the side, the toe to the left."""
    along = LINES / (SIDE - 1)  # 0 at the toe, 1 at the heel
    sole = _uniform(rng, n, *{5: (16, 25), 7: (17, 22), 9: (20, 26)}[label])
    height = _uniform(rng, n, *{5: (1, 14), 7: (4, 12), 9: (5, 10)}[label])
    shaft = _uniform(rng, n, *{5: (0, 1), 7: (-7, 3), 9: (2, 14)}[label])
    instep = np.clip((along - _uniform(rng, n, 0.35, 0.55)) * 6, 0, 1)  # where the shaft begins
    top = sole - 3 - height * along ** _uniform(rng, n, 0.5, 1.6) - np.maximum(shaft, 0) * instep
    lift = _uniform(rng, n, -4, {5: 6, 7: 2, 9: 4}[label])  # of the heel; mostly flat
    bottom = sole + np.maximum(lift, 0) * along
    rows = LINES[:, None]
    cover = _band(rows, top[:, None, :], bottom[:, None, :])
    if label != 5:
        return cover
    period, phase = _uniform(rng, n, 5, 14)[:, :, None], _uniform(rng, n, 0, 14)[:, :, None]
    straps = np.mod(LINES + 0.5 * rows + phase, period) < 0.55 * period  # (n, 28, 28)
    return np.where(straps | (rows > bottom[:, None, :] - 2.5), cover, 0)


def stand_in_notice(reason: str) -> str:
    """What is printed when the stand-in takes the place of the real data: a box of text."""
    text = [
        "STAND-IN DATA, NOT FASHION-MNIST",
        "",
        "The pictures below are drawn by code. Numbers and figures will differ from the text.",
        "",
        *f"Why: {reason}".splitlines(),
    ]
    lines = []
    for line in text:  # never cutting a path in two
        indent = line[: len(line) - len(line.lstrip())]
        lines += wrap(
            line.strip(),
            88,
            initial_indent=indent,
            subsequent_indent=2 * indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    width = max(map(len, lines))
    rule = "+" + "=" * (width + 2) + "+"
    return "\n".join([rule, *(f"| {line:<{width}} |" for line in lines), rule])
