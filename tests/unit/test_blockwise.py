"""The loss over blocks of classes: values and gradients of the full one, without its memory."""

import itertools
import math
import re
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course_utils.blockwise import blockwise_cross_entropy
from course_utils.profiling import peak_tensor_bytes
from course_utils.softmax import cross_entropy

INF, NAN = math.inf, math.nan


def layer(n, d, k, dtype=torch.float64, scale=1.0, seed=0):
    """Features, weight, bias that want gradients, and labels."""
    g = torch.Generator().manual_seed(seed)
    shapes = ((n, d), (d, k), (k,))
    numbers = [scale * torch.randn(s, generator=g, dtype=torch.float64) for s in shapes]
    labels = torch.randint(k, (n,), generator=g)
    return [x.to(dtype).requires_grad_() for x in numbers], labels


def result_of(loss, inputs):
    """The loss and its gradients; losses of several rows are weighted unequally."""
    value = loss(*inputs)
    weights = torch.linspace(1, 2, value.numel(), dtype=value.dtype).reshape(value.shape)
    return [value.detach(), *torch.autograd.grad((weights * value).sum(), inputs)]


@given(
    n=st.integers(1, 7),
    d=st.integers(1, 5),
    k=st.integers(1, 40),
    block_size=st.integers(1, 50),
    scale=st.sampled_from([0.1, 2.0, 20.0]),
    reduction=st.sampled_from(["mean", "sum", "none"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60)
def test_any_block_gives_the_full_loss_and_its_gradients(
    n, d, k, block_size, scale, reduction, seed
):
    inputs, labels = layer(n, d, k, scale=scale, seed=seed)
    ours = result_of(
        lambda h, w, b: blockwise_cross_entropy(
            h, w, b, labels, block_size=block_size, reduction=reduction
        ),
        inputs,
    )
    theirs = result_of(
        lambda h, w, b: tf.cross_entropy(h @ w + b, labels, reduction=reduction), inputs
    )
    for mine, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_format_is_as_close_to_float64_as_the_full_loss(dtype):
    inputs, labels = layer(16, 8, 2000, dtype)
    truth = result_of(
        lambda h, w, b: tf.cross_entropy(h @ w + b, labels),
        [x.detach().double().requires_grad_() for x in inputs],
    )
    ours = result_of(lambda h, w, b: blockwise_cross_entropy(h, w, b, labels, block_size=5), inputs)
    full = result_of(lambda h, w, b: tf.cross_entropy(h @ w + b, labels), inputs)
    u = torch.finfo(dtype).eps
    for exact, mine, other in zip(truth, ours, full, strict=True):
        error, allowed = ((x.double() - exact).abs().max().item() for x in (mine, other))
        assert error <= 2 * allowed + 2 * u * exact.abs().max().item()
    assert ours[0].dtype == torch.promote_types(dtype, torch.float32)
    assert [x.dtype for x in ours[1:]] == [dtype] * 3


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_gradient_of_a_bias_is_added_up_before_it_is_rounded(dtype):
    bias = torch.arange(7.0).to(dtype).requires_grad_()
    labels = torch.arange(1000) % 3
    nothing = torch.zeros(1000, 1, dtype=dtype), torch.zeros(1, 7, dtype=dtype)
    blockwise_cross_entropy(*nothing, bias, labels, block_size=4).backward()
    exact = bias.detach().double().softmax(0) - labels.bincount(minlength=7) / 1000
    assert torch.equal(bias.grad, exact.to(dtype))


def test_the_gradient_is_that_of_central_differences():
    inputs, labels = layer(3, 2, 11)
    for reduction in ("mean", "sum", "none"):
        assert torch.autograd.gradcheck(
            lambda h, w, b, r=reduction: blockwise_cross_entropy(
                h, w, b, labels, block_size=4, reduction=r
            ),
            inputs,
        )


def test_a_linear_layer_trains_through_its_transposed_weight():
    torch.manual_seed(0)
    net, X, y = nn.Linear(5, 9), torch.randn(6, 5), torch.tensor([0, 8, 3, 3, 1, 7])
    blockwise_cross_entropy(X, net.weight.T, net.bias, y.to(torch.uint8), block_size=4).backward()
    mine = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    tf.cross_entropy(net(X), y).backward()
    for grad, param in zip(mine, net.parameters(), strict=True):
        torch.testing.assert_close(grad, param.grad)


def test_a_second_derivative_is_refused():
    """The pair is a constant in backward: a second derivative would be silently wrong."""
    inputs, labels = layer(3, 2, 5)
    loss = blockwise_cross_entropy(*inputs, labels)
    words = "create_graph=True asks for it; use cross_entropy(features @ weight + bias, labels)"
    with pytest.raises(RuntimeError, match=re.escape(words) + "$"):
        torch.autograd.grad(loss, inputs, create_graph=True)


@pytest.mark.parametrize("block_size", [1, 2, 5])
def test_edge_scores(block_size):
    rows = [
        [0.0, -INF, 1.0, -INF, 2.0],  # classes that are ruled out
        [-INF] * 5,
        [NAN, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, INF],
        [1000.0, 0.0, -1000.0, 0.0, 999.0],
    ]
    for row, label in itertools.product(rows, range(5)):
        features, labels = torch.zeros(1, 1, requires_grad=True), torch.tensor([label])
        weight, bias = torch.zeros(1, 5), torch.tensor(row, requires_grad=True)
        loss = blockwise_cross_entropy(features, weight, bias, labels, block_size=block_size)
        (slope,) = torch.autograd.grad(loss, bias)
        leaf = bias.detach().clone()[None].requires_grad_()
        expected = cross_entropy(leaf, labels)
        (steepness,) = torch.autograd.grad(expected, leaf)
        if INF in row:
            assert not loss.isfinite()
            assert not slope.isfinite().all()
        else:
            torch.testing.assert_close(loss, expected, equal_nan=True)
            if expected.isfinite():
                torch.testing.assert_close(slope, steepness[0])


def test_a_loss_is_never_negative_where_the_full_one_is_zero():
    """The score of the label is that of the block; computed apart, it might round to another."""
    generator = torch.Generator().manual_seed(0)
    h, w = torch.randn(64, 50, generator=generator), torch.randn(50, 999, generator=generator)
    w, labels = 10 * w, (h @ (10 * w)).argmax(1)
    for size in (10, 128, 999):
        losses = blockwise_cross_entropy(
            h, w, torch.zeros(999), labels, block_size=size, reduction="none"
        )
        assert losses.min() >= 0
        assert (losses == 0).any()


def test_no_examples_and_one_class():
    h, w, b = torch.zeros(0, 3, requires_grad=True), torch.zeros(3, 4), torch.zeros(4)
    none = torch.zeros(0, dtype=torch.int64)
    assert blockwise_cross_entropy(h, w, b, none).isnan()
    assert blockwise_cross_entropy(h, w, b, none, reduction="sum") == 0
    one = blockwise_cross_entropy(torch.ones(2, 3), w[:, :1], b[:1], torch.tensor([0, 0]))
    assert one == 0


def test_peak_memory_at_100_000_classes_is_at_most_a_tenth_and_gradients_are_equal():
    (h, w, b), labels = layer(256, 32, 100_000, torch.float32, 0.1)
    found = []

    def step(loss):
        found.append(torch.autograd.grad(loss(), (h, w, b)))

    def full():
        return tf.cross_entropy(h @ w + b, labels)

    def blocks():
        return blockwise_cross_entropy(h, w, b, labels)

    peaks = [peak_tensor_bytes(lambda f=f: step(f)) for f in (full, blocks)]
    gradients = sum(x.numel() for x in (h, w, b)) * 4
    assert peaks[1] < peaks[0] / 10
    assert peaks[1] < gradients + 8 * 256 * 1024 * 4  # a few blocks beside the gradients
    for theirs, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-8)


STEP = """
import sys, torch
from course_utils.blockwise import blockwise_cross_entropy
h, w, b = torch.randn(512, 64), 0.1 * torch.randn(64, 100_000), torch.zeros(100_000)
for x in (h, w, b):
    x.requires_grad_()
y = torch.arange(512)
def peak():
    return int(next(line for line in open("/proc/self/status") if "VmHWM" in line).split()[1])
before = peak()
if sys.argv[1] == "full":
    loss = torch.nn.functional.cross_entropy(h @ w + b, y)
else:
    loss = blockwise_cross_entropy(h, w, b, y)
loss.backward()
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.processes
def test_the_process_itself_needs_a_tenth():
    """Tensors are not all: what the operations allocate inside counts here, too."""
    full, blocks = (
        int(subprocess.run([sys.executable, "-c", STEP, kind], capture_output=True).stdout)
        for kind in ("full", "blocks")
    )
    assert full > 400_000  # kilobytes
    assert blocks < full / 10


def test_bad_input_is_named():
    h, w, b, y = torch.zeros(2, 3), torch.zeros(3, 4), torch.zeros(4), torch.tensor([0, 3])
    with pytest.raises(TypeError, match=r"^weight must be floating point, got torch.int64"):
        blockwise_cross_entropy(h, w.long(), b, y)
    with pytest.raises(ValueError, match=r"labels must lie in 0..3 for 4 classes, got 1..4"):
        blockwise_cross_entropy(h, w, b, y[1:].new_tensor([1, 4]))
    with pytest.raises(ValueError, match=r"^bias must have shape \(4,\), .*, got \(4, 1\)$"):
        blockwise_cross_entropy(h, w, b[:, None], y)
    with pytest.raises(ValueError, match=r"^block_size must be at least 1, got 0"):
        blockwise_cross_entropy(h, w, b, y, block_size=0)
    with pytest.raises(ValueError, match=r"^reduction must be"):
        blockwise_cross_entropy(h, w, b, y, reduction="average")
