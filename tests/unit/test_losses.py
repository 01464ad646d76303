"""The losses agree with torch: values, gradients, formats, edge rows."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as tf
from hypothesis import given
from hypothesis import strategies as st

from course_utils.losses import SoftmaxCrossEntropy, binary_cross_entropy_with_logits
from course_utils.softmax import cross_entropy, reduce_losses

INF, NAN = math.inf, math.nan
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
REDUCTIONS = ("mean", "sum", "none")


def randn(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def agree(ours, theirs, logits, case):
    """Values and gradients of two losses of logits are equal within a few roundings."""
    u = torch.finfo(logits.dtype).eps
    results = []
    for loss in (ours, theirs):
        leaf = logits.clone().requires_grad_()
        value = loss(leaf)
        (3 * value).sum().backward()
        results.append((value.detach(), leaf.grad))
    for mine, expected in zip(*results, strict=True):
        torch.testing.assert_close(
            mine, expected, rtol=8 * u, atol=8 * u, equal_nan=True, msg=lambda m: f"{case}: {m}"
        )


@pytest.mark.parametrize("kind", ["indices", "uint8", "one_hot", "probabilities"])
def test_cross_entropy_agrees_with_torch(kind):
    indices = torch.tensor([0, 2, 1, 4, 4, 3])
    kinds = {
        "indices": (indices, indices),
        "uint8": (indices.to(torch.uint8), indices),
        "one_hot": (tf.one_hot(indices, 5).double(),) * 2,
        "probabilities": (torch.softmax(randn(6, 5, seed=3), 1),) * 2,
    }
    for case in itertools.product(DTYPES, REDUCTIONS, (0.0, 0.1, 1.0, 1)):
        dtype, reduction, smoothing = case
        ours, theirs = (y.to(dtype) if y.is_floating_point() else y for y in kinds[kind])
        agree(
            lambda z, y=ours, r=reduction, s=smoothing: cross_entropy(z, y, r, s),
            lambda z, y=theirs, r=reduction, s=smoothing: tf.cross_entropy(
                z, y, reduction=r, label_smoothing=float(s)
            ),
            randn(6, 5, seed=4, dtype=dtype),
            case,
        )


@pytest.mark.parametrize("labels", [[0], [1], [[1.0, 0.0]], [[0.0, 1.0]], [[0.5, 0.5]]])
def test_cross_entropy_of_edge_rows_as_in_torch(labels):
    labels = torch.tensor(labels)
    for row in ([0.0, -INF], [INF, 0.0], [NAN, 0.0], [-INF, -INF]):
        losses = (lambda z, f=f: f(z, labels) for f in (cross_entropy, tf.cross_entropy))
        agree(*losses, torch.tensor([row]), row)


def test_no_examples():
    logits, labels = torch.zeros(0, 3), torch.zeros(0, dtype=torch.long)
    for reduction in REDUCTIONS:
        ours = cross_entropy(logits, labels, reduction)
        theirs = tf.cross_entropy(logits, labels, reduction=reduction)
        torch.testing.assert_close(ours, theirs, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_100_000_equal_losses_have_that_mean_in_every_format(dtype):
    """Torch's own float16 loss of 100 000 classes is inf, and of 100 000 examples nan."""
    n, u = 100_000, torch.finfo(dtype).eps
    for shape, value in (((n, 10), math.log(10)), ((3, n), math.log(n))):
        logits = torch.zeros(shape, dtype=dtype)
        one_hot = torch.zeros(shape, dtype=dtype)
        one_hot[:, 0] = 1
        for labels in (torch.zeros(len(logits), dtype=torch.long), one_hot):
            for smoothing in (0.0, 0.5):
                loss = cross_entropy(logits, labels, label_smoothing=smoothing)
                assert loss.dtype == dtype
                assert loss.item() == pytest.approx(value, rel=2 * u)
    halves = binary_cross_entropy_with_logits(*torch.zeros(2, n, dtype=dtype))
    assert halves.item() == pytest.approx(math.log(2), rel=u)
    leaf = torch.zeros(n, 10, dtype=dtype, requires_grad=True)
    cross_entropy(leaf, torch.zeros(n, dtype=torch.long)).backward()
    slack = 0.01 if u > 1e-6 else 4 * u  # 1e-5 has 8 digits in both narrow formats
    assert (leaf.grad[:, 0].double() * n + 0.9).abs().max() < slack


def test_picked_probabilities_of_the_curriculum():
    probs = torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]], dtype=torch.float64)
    for labels, losses in (([0, 2], [2.3026, 0.6931]), ([1, 2], [1.2040, 0.6931])):
        result = cross_entropy(probs.log(), torch.tensor(labels), reduction="none")
        torch.testing.assert_close(result, torch.tensor(losses).double(), rtol=0, atol=5e-5)


def test_loss_200_with_its_gradient():
    logits = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    loss = cross_entropy(logits, torch.tensor([1]))
    loss.backward()
    assert loss.item() == 200
    assert logits.grad.tolist() == [[1.0, -1.0, 0.0]]


@given(st.lists(st.floats(-(2.0**120), 2.0**120, width=32), min_size=1, max_size=8))
def test_finite_logits_give_finite_losses_and_gradients(row):
    logits = torch.tensor([row], requires_grad=True)
    loss = cross_entropy(logits, torch.tensor([0]))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def test_reduce_losses():
    losses = torch.tensor([1.0, 2.0, 6.0])
    assert reduce_losses(losses).item() == 3
    assert reduce_losses(losses, "sum").item() == 9
    assert reduce_losses(losses, "none") is losses
    for bad in (NAN, INF):
        assert not reduce_losses(torch.tensor([1.0, bad])).isfinite()


# --- two classes ------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropy_agrees_with_torch(reduction):
    for dtype in DTYPES:
        targets = torch.sigmoid(randn(3, 4, seed=5)).to(dtype)
        targets[0] = torch.tensor([0, 1, 0, 1])
        agree(
            lambda z, y=targets: binary_cross_entropy_with_logits(z, y, reduction),
            lambda z, y=targets: tf.binary_cross_entropy_with_logits(z, y, reduction=reduction),
            (4 * randn(3, 4, seed=6)).to(dtype),
            dtype,
        )


def test_binary_cross_entropy_is_softmax_over_zero_and_the_logit():
    logits, labels = randn(9), torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 1])
    pairs = torch.stack([torch.zeros_like(logits), logits], 1)  # (9, 2)
    torch.testing.assert_close(
        binary_cross_entropy_with_logits(logits, labels.double()), cross_entropy(pairs, labels)
    )


@pytest.mark.parametrize(
    ("logit", "target", "loss"),
    [
        # Nothing cancels, for either target: exp(-30) is not rounded to zero.
        (30.0, 1.0, math.exp(-30)),
        (-30.0, 0.0, math.exp(-30)),
        # As in torch, save that an infinitely wrong "no" costs inf here and NaN there.
        (INF, 0.0, INF),
        (-INF, 1.0, INF),
        (INF, 0.5, INF),
        (-INF, 0.5, INF),
        (INF, 1.0, NAN),
        (-INF, 0.0, NAN),
        (NAN, 0.0, NAN),
    ],
)
def test_binary_edges(logit, target, loss):
    result = binary_cross_entropy_with_logits(torch.tensor(logit), torch.tensor(target))
    torch.testing.assert_close(result, torch.tensor(loss), rtol=1e-4, atol=0, equal_nan=True)


def test_binary_gradient_at_zero_is_a_half():
    logits = torch.zeros(2, requires_grad=True)
    binary_cross_entropy_with_logits(logits, torch.tensor([0.0, 1.0]), "sum").backward()
    assert logits.grad.tolist() == [0.5, -0.5]


# --- the gradient written by hand -------------------------------------------------------------


def test_custom_function_passes_gradcheck_twice():
    logits, labels = randn(4, 3).requires_grad_(), torch.tensor([0, 2, 1, 1])
    assert torch.autograd.gradcheck(SoftmaxCrossEntropy.apply, (logits, labels))
    assert torch.autograd.gradgradcheck(SoftmaxCrossEntropy.apply, (logits, labels))


def test_custom_function_agrees_with_torch():
    """In every format, on edge rows, and where the last class does not occur."""
    labels = torch.tensor([0, 2, 1, 1])
    for dtype, classes in itertools.product(DTYPES, (3, 5)):
        agree(
            lambda z: SoftmaxCrossEntropy.apply(z, labels),
            lambda z: tf.cross_entropy(z, labels),
            randn(4, classes, seed=9, dtype=dtype),
            (dtype, classes),
        )
    for row in ([0.0, -INF], [INF, 0.0], [NAN, 0.0], [-INF, -INF]):
        leaf = torch.tensor([row], requires_grad=True)
        loss = SoftmaxCrossEntropy.apply(leaf, torch.tensor([1]))
        loss.backward()
        torch.testing.assert_close(loss, cross_entropy(leaf, torch.tensor([1])), equal_nan=True)
        assert leaf.grad.isnan().all() == (row != [0.0, -INF])
