"""A data set small enough for unit tests, and separable enough to learn from; judged scores."""

import torch
from hypothesis import settings
from hypothesis import strategies as st

from course_utils.data import FashionMNIST, Split


def tiny_data(n: int = 60, classes: int = 3, side: int = 4) -> FashionMNIST:
    """Noisy pictures in which pixel number ``label`` is bright."""
    generator = torch.Generator().manual_seed(0)

    def split(size: int) -> Split:
        labels = torch.arange(size) % classes
        images = torch.rand(size, side, side, generator=generator) * 0.5
        images.flatten(1)[torch.arange(size), labels] = 1.0
        return Split(images, labels)

    names = tuple("abcdefghij"[:classes])
    return FashionMNIST(split(n), split(n // 2), source="synthetic", classes=names)


FLOATS = st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64])
fast = settings(max_examples=40)


@st.composite
def judged(draw):
    """Scores (n, k) and labels (n,) in a drawn dtype, and a generator for the test's own use."""
    n, k = draw(st.integers(1, 30)), draw(st.integers(1, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    logits = 3 * torch.randn(n, k, generator=generator, dtype=torch.float64)
    return logits.to(draw(FLOATS)), torch.randint(k, (n,), generator=generator), generator
