"""Softmax and its relatives: as torch where torch is right, in every format, shape and edge."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.softmax import (
    largest_logit,
    log_softmax,
    logsumexp,
    softmax,
    softmax_jacobian,
    softmax_naive,
    softmax_vjp,
)

INF, NAN = math.inf, math.nan
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
PAIRS = {
    "softmax": (softmax, torch.softmax),
    "softmax_naive": (softmax_naive, torch.softmax),
    "log_softmax": (log_softmax, torch.log_softmax),
    "logsumexp": (logsumexp, torch.logsumexp),
}
STABLE = [name for name in PAIRS if name != "softmax_naive"]
SHAPES = [(3, 4), (2, 3, 4), (5,), (2, 1, 3, 2), (4, 1), ()]
EMPTY = [(2, 0), (0, 3), (0,), (0, 0), (2, 0, 3), (3, 2, 0)]
ROWS = {
    "all -inf": [-INF, -INF, -INF],
    "one -inf": [0.0, -INF, 1.0],
    "one +inf": [INF, 0.0, 1.0],
    "two +inf": [INF, INF, 0.0],
    "+inf and -inf": [INF, -INF, 0.0],
    "nan": [NAN, 0.0, 1.0],
    "nan last": [0.0, 1.0, NAN],
    "nan and +inf": [NAN, INF, 0.0],
    "nan and -inf": [NAN, -INF, -INF],
    "single -inf": [-INF],
    "single +inf": [INF],
    "far apart": [6e4, -6e4, 0.0],
}


def randn(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def close(ours, theirs, dtype, case):
    """Same shape and dtype, values within a few roundings; the message names the case."""
    u = torch.finfo(dtype).eps
    torch.testing.assert_close(
        ours, theirs, rtol=8 * u, atol=8 * u, equal_nan=True, msg=lambda m: f"{case}: {m}"
    )


def value_and_gradient(function, logits, dim):
    leaf = logits.clone().requires_grad_()
    result = function(leaf, dim)
    result.backward(randn(result.shape, seed=2, dtype=logits.dtype))
    return result.detach(), leaf.grad


@pytest.mark.parametrize("name", PAIRS)
def test_values_and_gradients_agree_with_torch(name):
    """In every format, shape and axis; where an axis is empty, the values."""
    for dtype in DTYPES:
        for shape in SHAPES:
            logits = (3 * randn(shape, seed=1)).to(dtype)
            for dim in range(-max(1, len(shape)), max(1, len(shape))):
                pairs = (value_and_gradient(function, logits, dim) for function in PAIRS[name])
                for ours, theirs in zip(*pairs, strict=True):
                    close(ours, theirs, dtype, (dtype, shape, dim))
    for shape in EMPTY if name in STABLE else ():
        for dim in range(-len(shape), len(shape)):
            ours, theirs = (function(torch.zeros(shape), dim) for function in PAIRS[name])
            close(ours, theirs, torch.float32, (shape, dim))


@pytest.mark.parametrize("name", STABLE)
def test_edge_rows_and_their_gradients_as_in_torch(name):
    def value_and_jacobian(function, row, dtype):
        logits = torch.tensor(row, dtype=dtype, requires_grad=True)
        result = function(logits, -1)
        rows = [torch.autograd.grad(r, logits, retain_graph=True)[0] for r in result.reshape(-1)]
        return result.detach(), torch.stack(rows)

    for dtype in DTYPES:
        for label, row in ROWS.items():
            pairs = (value_and_jacobian(function, row, dtype) for function in PAIRS[name])
            for ours, theirs in zip(*pairs, strict=True):
                close(ours, theirs, dtype, (dtype, label))


@pytest.mark.parametrize("name", STABLE)
def test_an_edge_row_spoils_no_other_row(name):
    good = torch.tensor([1.0, 2.0, 4.0])
    function = PAIRS[name][0]
    for row in (r for r in ROWS.values() if len(r) == 3):
        batch = torch.stack([good, torch.tensor(row), good])
        assert torch.equal(function(batch)[0], function(good))
        assert torch.equal(function(batch)[2], function(good))


def test_stated_values():
    nowhere = torch.full((3,), -INF)
    assert softmax(nowhere).isnan().all()
    assert log_softmax(nowhere).isnan().all()
    assert logsumexp(nowhere).item() == -INF
    assert logsumexp(torch.tensor([INF, 0.0])).item() == INF
    assert logsumexp(torch.zeros(2, 0)).tolist() == [-INF, -INF]
    assert softmax(torch.tensor(3.0)).item() == 1
    assert softmax(torch.tensor([0.0, -INF])).tolist() == [1.0, 0.0]
    for row in ("nan", "one +inf", "all -inf"):
        probs = softmax(torch.tensor(ROWS[row]))
        assert softmax_jacobian(torch.tensor(ROWS[row])).isnan().all()
        assert softmax_vjp(probs, torch.ones(3)).isnan().all()
    leaf = nowhere.clone().requires_grad_()
    logsumexp(leaf).backward()
    assert leaf.grad.isnan().all()


def test_nothing_of_a_product_with_an_infinity_is_finite():
    probs = softmax(randn(4))
    for bad in (NAN, INF, -INF):
        for row, v in ((probs, [bad, 0, 0, 0]), ([bad, 0, 0, 0], probs)):
            result = softmax_vjp(torch.as_tensor(row).double(), torch.as_tensor(v).double())
            assert not result.isfinite().any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_100_000_equal_logits_are_one_in_100_000_each(dtype):
    """Float16 holds no number above 65 504, and bfloat16 only 8 digits of a sum."""
    k, u = 100_000, torch.finfo(dtype).eps
    slack = 0.0015 if u > 1e-6 else 1e-6  # 1e-5 has 8 digits in both narrow formats
    for shape, dim in (((k,), -1), ((k, 2), 0), ((2, k), 1)):
        logits = torch.full(shape, 3.0, dtype=dtype)
        probs = softmax(logits, dim)
        assert torch.equal(probs, torch.softmax(logits, dim))
        assert probs.sum(dim, dtype=torch.float64).sub(1).abs().max() < slack
        assert (log_softmax(logits, dim).double() + math.log(k)).abs().max() < 12 * u
        assert (logsumexp(logits, dim).double() - math.log(k) - 3).abs().max() < 15 * u
    assert (softmax_naive(torch.zeros(k, dtype=dtype)).sum() == 0) == (dtype == torch.float16)
    leaf = torch.zeros(k, dtype=dtype, requires_grad=True)
    log_softmax(leaf)[0].backward()
    assert abs(leaf.grad[0].item() - (1 - 1 / k)) < max(u, 1e-6)
    assert (leaf.grad[1:].double() * k + 1).abs().max() < slack


def test_formats_of_eight_bits():
    logits = torch.tensor([0.0, 1.0, 3.0]).to(torch.float8_e4m3fn)
    expected = torch.softmax(torch.tensor([0.0, 1.0, 3.0]), 0).to(torch.float8_e4m3fn)
    assert torch.equal(softmax(logits).float(), expected.float())
    assert log_softmax(logits).dtype == logsumexp(logits).dtype == torch.float8_e4m3fn


def test_logsumexp_keeps_the_axis_when_asked():
    logits = randn(2, 3, 4)
    for dim in range(3):
        ours = logsumexp(logits, dim, keepdim=True)
        close(ours, torch.logsumexp(logits, dim, True), logits.dtype, dim)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0,), (2, 3)])
def test_the_largest_logit_is_a_constant_and_that_of_nothing_minus_infinity(shape):
    found = largest_logit(torch.zeros(shape).requires_grad_())
    assert found.shape == (*shape[:-1], 1)
    assert (found == (0 if shape[-1] else -INF)).all()
    assert not found.requires_grad


@pytest.mark.parametrize("function", [softmax, softmax_naive, log_softmax, logsumexp])
def test_second_derivatives(function):
    logits = randn(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(function, logits)
    assert torch.autograd.gradgradcheck(function, logits)


def test_large_logits_overflow_only_the_naive_form():
    logits = torch.tensor([200000.0, 1.0, 10.0])
    assert softmax_naive(logits).isnan().any()
    assert not softmax_naive(logits).isinf().any()
    assert softmax(logits).tolist() == [1.0, 0.0, 0.0]


# --- derivatives -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (2, 4), (2, 3, 4), (3, 1)])
def test_jacobian_and_product_agree_with_autograd(shape):
    logits, v = randn(*shape), randn(*shape, seed=8)
    ours = softmax_jacobian(logits)
    assert ours.shape == (*shape, shape[-1])
    rows = logits.reshape(-1, shape[-1])
    theirs = torch.stack(
        [torch.autograd.functional.jacobian(lambda z: torch.softmax(z, -1), row) for row in rows]
    )
    torch.testing.assert_close(ours.reshape(theirs.shape), theirs)
    leaf = logits.clone().requires_grad_()
    torch.softmax(leaf, -1).backward(v)
    torch.testing.assert_close(softmax_vjp(softmax(logits), v), leaf.grad)


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


# --- properties ------------------------------------------------------------------------------


def finite_rows(limit, width=32):
    entries = st.floats(-limit, limit, width=width)
    return st.integers(1, 8).flatmap(lambda k: st.lists(entries, min_size=k, max_size=k))


@given(finite_rows(2.0**120))
def test_finite_logits_give_probabilities_and_finite_logarithms(row):
    logits = torch.tensor(row)
    probs = softmax(logits)
    assert bool(((probs >= 0) & (probs <= 1)).all())
    assert probs.sum().item() == pytest.approx(1, abs=1e-6)
    assert probs[int(logits.argmax())] == probs.max()
    assert bool((log_softmax(logits) <= 0).all())
    assert logsumexp(logits).isfinite()
    assert logsumexp(logits) >= logits.max()


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=8), st.integers(-1000, 1000))
def test_a_common_shift_changes_nothing_where_it_is_exact(row, shift):
    """Sums of small integers are exact in float32, so the results are equal bit for bit."""
    logits = torch.tensor(row, dtype=torch.float32)
    assert torch.equal(softmax(logits + shift), softmax(logits))
    assert torch.equal(log_softmax(logits + shift), log_softmax(logits))


@given(finite_rows(50), st.randoms(use_true_random=False))
def test_permuting_the_logits_permutes_the_probabilities(row, random):
    order = list(range(len(row)))
    random.shuffle(order)
    logits = torch.tensor(row)
    torch.testing.assert_close(softmax(logits)[order], softmax(logits[order]))


@given(st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=6))
def test_log_of_softmax_is_log_softmax(row):
    logits = torch.tensor(row, dtype=torch.float64)
    torch.testing.assert_close(softmax(logits).log(), log_softmax(logits))


def test_inputs_are_left_alone():
    for dtype in DTYPES:
        logits = randn(2, 3, dtype=dtype)
        before = logits.clone()
        for function in (softmax, softmax_naive, log_softmax, logsumexp, softmax_jacobian):
            function(logits)
        assert torch.equal(logits, before)


def test_unknown_axis_is_an_index_error_as_in_torch():
    for function in (softmax, softmax_naive, log_softmax, logsumexp, torch.softmax):
        with pytest.raises(IndexError, match="Dimension out of range"):
            function(torch.zeros(4, 3), 2)
