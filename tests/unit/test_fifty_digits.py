"""Softmax and the losses against 50 digits: each format, long rows, every axis, many examples.

A row has few different logits, each many times, so that 50 digits of it cost little. Bounds for
short rows are in test_error_bounds.py. A sum that stagnated would err by thousands of roundings.
"""

import math
from functools import cache

import mpmath
import pytest
import torch
from torch.nn.functional import one_hot

from course_utils.losses import SoftmaxCrossEntropy, binary_cross_entropy_with_logits
from course_utils.softmax import (
    cross_entropy,
    log_softmax,
    logsumexp,
    softmax,
    softmax_jacobian,
    softmax_naive,
    softmax_vjp,
)

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
N = 100_000
ROWS = {  # different logits -> how often each occurs
    "equal": ([3.0], [N]),
    "one leads": ([12.0, 0.0], [1, N - 1]),
    "one trails": ([-9.0, 0.5], [1, N - 1]),
    "many": ([i / 8 - 5 for i in range(40)], [N // 40] * 40),
    "far from zero": ([30000.0, 29984.0, 29952.0], [2, 50_000, 40_000]),
    "far apart": ([300.0, 0.0, -300.0], [3, 50_000, 40_000]),
    "one class": ([-7.0], [1]),
    "seven": ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1] * 7),
}
ALL = [(dtype, name) for dtype in DTYPES for name in ROWS]
case = pytest.mark.parametrize(("dtype", "name"), ALL, ids=[f"{str(d)[6:]} {n}" for d, n in ALL])
formats = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def numbers(values):
    """Numbers of 50 digits as float64."""
    return torch.tensor([float(v) for v in values], dtype=torch.float64)


@cache
class Row:
    """A row of logits as a format stores it, with 50 digits of what follows from it."""

    def __init__(self, dtype, name):
        values, counts = ROWS[name]
        stored = torch.tensor(values).to(dtype)
        which = torch.repeat_interleave(torch.arange(len(values)), torch.tensor(counts))
        self.which = which[torch.randperm(len(which), generator=torch.Generator().manual_seed(4))]
        self.logits = stored[self.which]
        exact = [mpmath.mpf(v) for v in stored.tolist()]
        exps = [mpmath.exp(v - max(exact)) for v in exact]
        total = mpmath.fsum(c * e for c, e in zip(counts, exps, strict=True))
        self.counts = counts
        self.p = [e / total for e in exps]
        self.lse = max(exact) + mpmath.log(total)
        self.log_p = [v - self.lse for v in exact]
        self.spread = float(max(exact) - min(exact))

    def __getattr__(self, name):
        """``row.probs`` and ``row.log_probs``: one number a class, in float64."""
        values = {"probs": "p", "log_probs": "log_p"}[name]
        setattr(self, name, numbers(getattr(self, values))[self.which])
        return getattr(self, name)


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


def require_close(found, exact, dtype, terms, scale=None, final=1):
    """A result in its format is ``final`` roundings to it off, and ``terms`` to what is added in.

    That is float32 for the narrow formats. ``scale``: what the terms are relative to, if not the
    result. Below the smallest normal number a rounding is one step.
    """
    assert found.dtype == dtype
    info = torch.finfo(dtype)
    u = info.eps / 2
    fine = min(u, 2.0**-24)
    error = (found.double() - exact).abs()
    size = exact.abs() if scale is None else scale
    allowed = final * (u * exact.abs() + info.smallest_normal * u) * 1.001 + terms * fine * size
    # what lies beyond the format is infinite
    top = exact.abs() > float(info.max) * (1 + u)
    assert torch.equal(found.isinf(), top)
    assert bool((top | (error <= allowed)).all()), (error / allowed)[~top].max().item()


def shapes(row):
    """The row in several shapes, with its axis: last, first, in the middle, not contiguous."""
    k = len(row.logits)
    both = torch.stack([row.logits, row.logits.flip(0)])  # (2, k)
    back = torch.arange(k).flip(0)
    return [
        (row.logits, 0, lambda exact: exact),
        (both, -1, lambda exact: torch.stack([exact, exact[back]])),
        (both.T.contiguous(), 0, lambda exact: torch.stack([exact, exact[back]]).T),
        (both.T, 0, lambda exact: torch.stack([exact, exact[back]]).T),
        (both[:, :, None], 1, lambda exact: torch.stack([exact, exact[back]])[:, :, None]),
    ]


@case
def test_softmax_and_its_logarithms(dtype, name):
    row = Row(dtype, name)
    terms = 64 + 2 * row.spread
    for logits, dim, shaped in shapes(row):
        require_close(softmax(logits, dim), shaped(row.probs), dtype, terms)
        scale = 1 + shaped(row.log_probs).abs()
        require_close(log_softmax(logits, dim), shaped(row.log_probs), dtype, terms, scale)
        sums = logsumexp(logits, dim)
        exact = torch.full(sums.shape, float(row.lse), dtype=torch.float64)
        require_close(sums, exact, dtype, terms, 1 + exact.abs())


@case
def test_the_naive_form_where_its_sum_fits(dtype, name):
    """Where it does not, it gives zeros or nan, and no other number."""
    row = Row(dtype, name)
    naive = softmax_naive(row.logits)
    largest = torch.finfo(dtype).max
    terms = [mpmath.exp(v) for v in row.logits.unique().double().tolist()]
    if row.lse < math.log(largest) and min(terms) > torch.finfo(dtype).smallest_normal:
        require_close(naive, row.probs, dtype, 64, final=4)
    else:
        assert bool((naive.isnan() | (naive == 0) | (naive.double() - row.probs < 0.01)).all())
    if (dtype, name) == (torch.float16, "equal"):
        assert not naive.any()


@formats
def test_jacobian(dtype):
    row = Row(dtype, "seven")
    p = [row.p[i] for i in row.which]
    exact = torch.stack(
        [numbers([(a if i == j else 0) - a * b for j, b in enumerate(p)]) for i, a in enumerate(p)]
    )
    require_close(softmax_jacobian(row.logits), exact, dtype, 64, row.probs[:, None])
    stacked = row.logits.expand(2, 3, 7)
    require_close(
        softmax_jacobian(stacked), exact.expand(2, 3, 7, 7), dtype, 64, row.probs[:, None]
    )


@case
@pytest.mark.parametrize("size", [1.0, 1e-3])
def test_product_with_the_jacobian(dtype, name, size):
    """Of stored probabilities: small terms, of which float16 would round each to 0, add up."""
    row = Row(dtype, name)
    probs = softmax(row.logits)
    v = (size * torch.linspace(1, 2, len(row.p), dtype=torch.float64))[row.which].to(dtype)
    first = [(row.which == i).nonzero()[0].item() for i in range(len(row.p))]
    some = [(mpmath.mpf(probs[i].item()), mpmath.mpf(v[i].item())) for i in first]
    mean = mpmath.fsum(c * a * b for c, (a, b) in zip(row.counts, some, strict=True))
    exact = numbers([a * (b - mean) for a, b in some])[row.which]
    scale = probs.double() * (v.double() + float(mean))
    require_close(softmax_vjp(probs, v), exact, dtype, 64, scale)
    require_close(softmax_vjp(v=v[None], probs=probs), exact[None], dtype, 64, scale)


def test_a_product_of_small_terms_that_float16_would_lose():
    probs = torch.full((N + 1,), 0.5 / N).half()
    v = torch.full((N + 1,), 5e-3).half()
    probs[0], v[0] = 0.5, 0
    share, value = mpmath.mpf(probs[1].item()), mpmath.mpf(v[1].item())
    exact = -0.5 * N * share * value
    assert softmax_vjp(probs, v)[0].item() == pytest.approx(float(exact), rel=2**-11)


@case
@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_cross_entropy_of_long_rows_and_many_examples(dtype, name, smoothing):
    row = Row(dtype, name)
    pairs = list(zip(row.counts, row.log_p, strict=True))
    mean = mpmath.fsum(c * v for c, v in pairs) / len(row.which)
    first = [(row.which == i).nonzero()[0].item() for i in range(len(row.p))]
    labels = torch.tensor(first)  # one example for each different class
    losses = [-(1 - smoothing) * v - smoothing * mean for v in row.log_p]
    logits = row.logits.expand(len(labels), -1)
    terms, scale = 64 + 2 * row.spread, 1 + numbers(losses).abs() + abs(float(mean))
    rows = one_hot(labels, len(row.logits)).to(dtype)
    for target in (labels, labels.to(torch.uint8 if max(first) < 256 else torch.int32), rows):
        found = cross_entropy(logits, target, "none", smoothing)
        require_close(found, numbers(losses), dtype, terms, scale, final=5)
        found = cross_entropy(logits, target, label_smoothing=smoothing)
        exact = numbers([mpmath.fsum(losses) / len(losses)])[0]
        require_close(found, exact, dtype, terms, scale.max(), final=6)


@formats
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_losses_of_100_000_examples(dtype, reduction):
    logits = torch.tensor([[0.0, 2.0, -1.0], [1.0, 0.5, 0.0]]).to(dtype)
    labels = torch.tensor([0, 2])
    n = N if reduction == "mean" or dtype != torch.float16 else 20_000  # a sum that float16 holds
    each = []
    for row, c in zip(logits.tolist(), labels.tolist(), strict=True):
        each.append(mpmath.log(mpmath.fsum(mpmath.exp(z) for z in row)) - row[c])
    exact = mpmath.fsum(each) / 2 * (n if reduction == "sum" else 1)
    many, wanted = logits.repeat(n // 2, 1), labels.repeat(n // 2)
    found = cross_entropy(many, wanted, reduction)
    require_close(found, numbers([exact])[0], dtype, 64, final=3)
    if reduction == "mean":
        require_close(
            SoftmaxCrossEntropy.apply(many, wanted), numbers([exact])[0], dtype, 64, None, 3
        )


@formats
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_two_class_losses_of_100_000_examples(dtype, reduction):
    logits = torch.linspace(-20, 20, 40).to(dtype)
    targets = torch.linspace(0, 8, 40).frac().to(dtype)
    logits[0], targets[:3] = -60, torch.tensor([0.0, 1.0, 1.0])
    each = [
        t * mpmath.log1p(mpmath.exp(-z)) + (1 - t) * mpmath.log1p(mpmath.exp(z))
        for z, t in zip(map(mpmath.mpf, logits.tolist()), targets.tolist(), strict=True)
    ]
    n = N if reduction != "sum" or dtype != torch.float16 else 8000  # float16 holds it
    found = binary_cross_entropy_with_logits(
        logits.repeat(n // 40), targets.repeat(n // 40), reduction
    )
    if reduction == "none":
        require_close(found[:40], numbers(each), dtype, 64)
        square = (logits.reshape(2, 1, 20), targets.reshape(2, 1, 20))
        found = binary_cross_entropy_with_logits(*square, reduction)
        require_close(found.reshape(40), numbers(each), dtype, 64)
    else:
        exact = mpmath.fsum(each) / 40 * (n if reduction == "sum" else 1)
        require_close(found, numbers([exact])[0], dtype, 64)


@case
@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy.apply, cross_entropy], ids=["hand", "auto"])
@pytest.mark.parametrize("factor", [1.0, 1024.0])
def test_gradient_of_a_scaled_loss(dtype, name, loss, factor):
    """Probabilities that the format rounds to 0 show in it once the loss is multiplied."""
    row = Row(dtype, name)
    leaf = row.logits[None].clone().requires_grad_()
    (factor * loss(leaf, torch.tensor([0]))).backward()
    p = list(row.p)
    exact = factor * row.probs
    exact[0] = float(factor * (p[row.which[0]] - 1))
    scale = factor * torch.ones_like(exact).index_fill(0, torch.arange(1, len(exact)), 0)
    require_close(
        leaf.grad[0], exact, dtype, 64 + 2 * row.spread, torch.maximum(scale, exact.abs()), final=2
    )
