"""Softmax and its relatives agree with torch: values, gradients, ranks, dtypes, properties."""

import pytest
import torch
import torch.nn.functional as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.losses import SoftmaxCrossEntropy, binary_cross_entropy_with_logits
from course_utils.softmax import (
    cross_entropy,
    largest_logit,
    log_softmax,
    logsumexp,
    reduce_losses,
    softmax,
    softmax_jacobian,
    softmax_naive,
    softmax_vjp,
)

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
PAIRS = {
    "softmax": (softmax, torch.softmax),
    "softmax_naive": (softmax_naive, torch.softmax),
    "log_softmax": (log_softmax, torch.log_softmax),
    "logsumexp": (logsumexp, torch.logsumexp),
}
SHAPES_AND_DIMS = (
    [((3, 4), d) for d in (-2, -1, 0, 1)]
    + [((2, 3, 4), d) for d in (0, 1, 2)]
    + [((5,), 0), ((2, 1, 3, 2), 2), ((), -1), ((), 0), ((4, 1), -1)]
)


def randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(
        *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    ).to(dtype)


def close(ours, theirs, dtype):
    """Same shape and dtype, values within a few roundings."""
    u = torch.finfo(dtype).eps
    torch.testing.assert_close(ours, theirs, rtol=8 * u, atol=8 * u)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "dim"), SHAPES_AND_DIMS)
@pytest.mark.parametrize("name", PAIRS)
def test_values_and_gradients_agree_with_torch(name, shape, dim, dtype):
    results = []
    for function in PAIRS[name]:
        logits = (3 * randn(shape, seed=1)).to(dtype).requires_grad_()
        result = function(logits, dim)
        result.backward(randn(result.shape, seed=2, dtype=dtype))
        results.append((result.detach(), logits.grad))
    (ours, our_gradient), (theirs, their_gradient) = results
    close(ours, theirs, dtype)
    close(our_gradient, their_gradient, dtype)


def test_logsumexp_keeps_the_axis_when_asked():
    logits = randn(2, 3, 4)
    for dim in range(3):
        close(
            logsumexp(logits, dim, keepdim=True), torch.logsumexp(logits, dim, True), logits.dtype
        )


@pytest.mark.parametrize("function", [softmax, softmax_naive, log_softmax, logsumexp])
def test_second_derivatives(function):
    logits = randn(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(function, logits)
    assert torch.autograd.gradgradcheck(function, logits)


def test_no_gradient_flows_through_the_shift():
    assert not largest_logit(randn(2, 3).requires_grad_()).requires_grad


def test_large_logits_overflow_only_the_naive_form():
    logits = torch.tensor([200000.0, 1.0, 10.0])
    assert softmax_naive(logits).isnan().any()
    assert not softmax_naive(logits).isinf().any()
    assert softmax(logits).tolist() == [1.0, 0.0, 0.0]


def test_loss_200_with_its_gradient():
    logits = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    loss = cross_entropy(logits, torch.tensor([1]))
    loss.backward()
    assert loss.item() == 200
    assert logits.grad.tolist() == [[1.0, -1.0, 0.0]]


# --- cross-entropy ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0, 1])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("kind", ["indices", "uint8", "one_hot", "probabilities"])
def test_cross_entropy_agrees_with_torch(kind, reduction, smoothing, dtype):
    indices = torch.tensor([0, 2, 1, 4, 4, 3])
    ours_labels = theirs_labels = indices
    if kind == "uint8":
        ours_labels = indices.to(torch.uint8)
    elif kind == "one_hot":
        ours_labels = theirs_labels = tf.one_hot(indices, 5).to(dtype)
    elif kind == "probabilities":
        ours_labels = theirs_labels = torch.softmax(randn(6, 5, seed=3), 1).to(dtype)
    ours, theirs = (randn(6, 5, seed=4, dtype=dtype).requires_grad_() for _ in range(2))
    loss = cross_entropy(ours, ours_labels, reduction, smoothing)
    expected = tf.cross_entropy(
        theirs, theirs_labels, reduction=reduction, label_smoothing=float(smoothing)
    )
    close(loss, expected, dtype)
    loss.sum().backward()
    expected.sum().backward()
    close(ours.grad, theirs.grad, dtype)


def test_picked_probabilities_of_the_curriculum():
    probs = torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]], dtype=torch.float64)
    for labels, losses in (([0, 2], [2.3026, 0.6931]), ([1, 2], [1.2040, 0.6931])):
        result = cross_entropy(probs.log(), torch.tensor(labels), reduction="none")
        torch.testing.assert_close(result, torch.tensor(losses).double(), rtol=0, atol=5e-5)


def test_one_hot_equals_indices():
    logits, labels = randn(7, 4), torch.tensor([0, 1, 2, 3, 3, 2, 0])
    one_hot = tf.one_hot(labels, 4).double()
    torch.testing.assert_close(cross_entropy(logits, labels), cross_entropy(logits, one_hot))


def test_reduce_losses():
    losses = torch.tensor([1.0, 2.0, 6.0])
    assert reduce_losses(losses).item() == 3
    assert reduce_losses(losses, "sum").item() == 9
    assert reduce_losses(losses, "none") is losses


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_binary_cross_entropy_agrees_with_torch(reduction, dtype):
    targets = torch.sigmoid(randn(3, 4, seed=5)).to(dtype)
    targets[0] = torch.tensor([0, 1, 0, 1])
    ours, theirs = ((4 * randn(3, 4, seed=6)).to(dtype).requires_grad_() for _ in range(2))
    loss = binary_cross_entropy_with_logits(ours, targets, reduction)
    expected = tf.binary_cross_entropy_with_logits(theirs, targets, reduction=reduction)
    close(loss, expected, dtype)
    loss.sum().backward()
    expected.sum().backward()
    close(ours.grad, theirs.grad, dtype)


def test_binary_cross_entropy_is_softmax_over_zero_and_the_logit():
    logits, labels = randn(9), torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 1])
    pairs = torch.stack([torch.zeros_like(logits), logits], 1)  # (9, 2)
    torch.testing.assert_close(
        binary_cross_entropy_with_logits(logits, labels.double()), cross_entropy(pairs, labels)
    )


@pytest.mark.parametrize(("logit", "target"), [(30.0, 1.0), (-30.0, 0.0)])
def test_binary_cross_entropy_keeps_tiny_losses(logit, target):
    """Nothing cancels, for either target: exp(-30) is not rounded to zero."""
    loss = binary_cross_entropy_with_logits(torch.tensor(logit), torch.tensor(target))
    assert loss.item() == pytest.approx(9.3576e-14, rel=1e-4)


def test_binary_gradient_at_zero_is_a_half():
    logits = torch.zeros(2, requires_grad=True)
    binary_cross_entropy_with_logits(logits, torch.tensor([0.0, 1.0]), "sum").backward()
    assert logits.grad.tolist() == [0.5, -0.5]


# --- derivatives -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (2, 4), (2, 3, 4), (3, 1)])
def test_jacobian_agrees_with_autograd(shape):
    logits = randn(*shape)
    ours = softmax_jacobian(logits)
    assert ours.shape == (*shape, shape[-1])
    rows = logits.reshape(-1, shape[-1])
    theirs = torch.stack(
        [torch.autograd.functional.jacobian(lambda z: torch.softmax(z, -1), row) for row in rows]
    )
    torch.testing.assert_close(ours.reshape(theirs.shape), theirs)


def test_vjp_is_the_jacobian_times_v():
    logits, v = randn(2, 3, 4), randn(2, 3, 4, seed=8)
    expected = (softmax_jacobian(logits) @ v[..., None]).squeeze(-1)
    torch.testing.assert_close(softmax_vjp(softmax(logits), v), expected)


def test_vjp_broadcasts_leading_axes():
    logits = randn(4)
    rows = softmax_vjp(softmax(logits), torch.eye(4, dtype=torch.float64))
    torch.testing.assert_close(rows, softmax_jacobian(logits))


def test_vjp_never_forms_the_matrix():
    k = 300_000  # k x k float32 would be 360 GB
    probs = torch.full((k,), 1 / k)
    assert softmax_vjp(probs, torch.arange(float(k))).sum().abs() < 1


@pytest.mark.parametrize("function", [lambda z: softmax_jacobian(z), lambda z: softmax_vjp(z, z)])
def test_derivatives_can_be_differentiated(function):
    assert torch.autograd.gradcheck(function, randn(2, 3).requires_grad_())


def test_custom_function_passes_gradcheck_twice():
    logits, labels = randn(4, 3).requires_grad_(), torch.tensor([0, 2, 1, 1])
    assert torch.autograd.gradcheck(SoftmaxCrossEntropy.apply, (logits, labels))
    assert torch.autograd.gradgradcheck(SoftmaxCrossEntropy.apply, (logits, labels))


@pytest.mark.parametrize("dtype", DTYPES)
def test_custom_function_agrees_with_torch(dtype):
    labels = torch.tensor([0, 2, 1, 1])
    ours, theirs = (randn(4, 3, seed=9, dtype=dtype).requires_grad_() for _ in range(2))
    loss, expected = SoftmaxCrossEntropy.apply(ours, labels), tf.cross_entropy(theirs, labels)
    close(loss, expected, dtype)
    (3 * loss).backward()
    (3 * expected).backward()
    close(ours.grad, theirs.grad, dtype)


# --- properties ------------------------------------------------------------------------------


def finite_rows(limit, width=32):
    entries = st.floats(-limit, limit, width=width)
    return st.integers(1, 8).flatmap(lambda k: st.lists(entries, min_size=k, max_size=k))


@given(finite_rows(2.0**120))
@settings(deadline=None)
def test_finite_logits_give_probabilities(row):
    probs = softmax(torch.tensor(row))
    assert not probs.isnan().any()
    assert bool((probs >= 0).all())
    assert bool((probs <= 1).all())
    assert probs.sum().item() == pytest.approx(1, abs=1e-6)
    assert probs[int(torch.tensor(row).argmax())] == probs.max()


@given(finite_rows(2.0**120))
@settings(deadline=None)
def test_finite_logits_give_finite_logs_losses_and_gradients(row):
    logits = torch.tensor([row], requires_grad=True)
    assert bool((log_softmax(logits) <= 0).all())
    assert logsumexp(logits).isfinite().all()
    assert bool((logsumexp(logits) >= logits.amax(1)).all())
    loss = cross_entropy(logits, torch.tensor([0]))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=8), st.integers(-1000, 1000))
@settings(deadline=None)
def test_a_common_shift_changes_nothing_where_it_is_exact(row, shift):
    """Sums of small integers are exact in float32, so the results are equal bit for bit."""
    logits = torch.tensor(row, dtype=torch.float32)
    assert torch.equal(softmax(logits + shift), softmax(logits))
    assert torch.equal(log_softmax(logits + shift), log_softmax(logits))


@given(finite_rows(50), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_permuting_the_logits_permutes_the_probabilities(row, random):
    order = list(range(len(row)))
    random.shuffle(order)
    logits = torch.tensor(row)
    torch.testing.assert_close(softmax(logits)[order], softmax(logits[order]))


@given(st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=6))
@settings(deadline=None)
def test_log_of_softmax_is_log_softmax(row):
    logits = torch.tensor(row, dtype=torch.float64)
    torch.testing.assert_close(softmax(logits).log(), log_softmax(logits))


# --- the module ------------------------------------------------------------------------------


def test_inputs_are_left_alone():
    logits = randn(2, 3)
    before = logits.clone()
    for function in (softmax, softmax_naive, log_softmax, logsumexp, softmax_jacobian):
        function(logits)
    cross_entropy(logits, torch.tensor([0, 1]), label_smoothing=0.1)
    assert torch.equal(logits, before)
