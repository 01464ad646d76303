"""The bounds are the formulas of the text, and what is computed stays within them: 50 digits."""

import math
from functools import partial

import mpmath
import pytest
import torch

from course_utils.error_bounds import (
    log_softmax_bound,
    logit_spread,
    logsumexp_bound,
    softmax_bound,
    unit_roundoff,
)
from course_utils.softmax import (
    cross_entropy,
    log_softmax,
    logsumexp,
    softmax,
    softmax_jacobian,
    softmax_naive,
    softmax_vjp,
)

T = torch.tensor
# Two blocks of three rows: every axis has another length, so that a wrong one shows.
LOGITS = T(
    [
        [[0, 1, 2, 5.0], [1, 1, 1, 1], [-3, 0, 4, 2]],
        [[2, 2, 8, 1], [0, 7, 7, 7], [1, 2, 3, 4]],
    ]
)
SPREAD = T([[5, 0, 7], [7, 7, 3]]).double()
FORMATS = [(torch.float16, 11), (torch.bfloat16, 8), (torch.float32, 24), (torch.float64, 53)]
close = partial(torch.testing.assert_close, rtol=1e-9, atol=0)


def log_sum(row):
    return math.log(sum(math.exp(x) for x in row))


def by_hand(formula):
    """Apply ``formula(row, log-sum-exp of the row)`` to each row."""
    rows = [[formula(row, log_sum(row)) for row in block] for block in LOGITS.tolist()]
    return T(rows, dtype=torch.float64)


@pytest.mark.parametrize(("dtype", "digits"), FORMATS)
def test_unit_roundoff_is_half_the_step_above_one(dtype, digits):
    assert unit_roundoff(dtype) == 2.0**-digits
    one = torch.ones((), dtype=torch.float64)
    assert (one + 0.99 * unit_roundoff(dtype)).to(dtype) == 1
    assert (one + 1.01 * 2.0**-digits).to(dtype) > 1 or dtype == torch.float64


def test_spread_is_largest_minus_smallest():
    close(logit_spread(LOGITS), SPREAD)
    assert logit_spread(T([1, 3], dtype=torch.float16)).dtype == torch.float64


@pytest.mark.parametrize(
    ("dtype", "power"),
    [(torch.float16, 24), (torch.bfloat16, 133), (torch.float32, 149), (torch.float64, 1074)],
)
def test_spread_ends_where_exponentials_vanish(dtype, power):
    limit = 1 + power * math.log(2)  # the smallest positive number is 2 ** -power
    assert logit_spread(T([0, 3e4], dtype=dtype)).item() == pytest.approx(limit)
    assert torch.exp(T(-limit, dtype=dtype)) == 0


@pytest.mark.parametrize(("dtype", "digits"), FORMATS)
def test_bounds_of_softmax(dtype, digits):
    logits, u, k = LOGITS.to(dtype), 2.0**-digits, 4
    close(softmax_bound(logits, "naive"), torch.full((2, 3), (k + 3) * u).double())
    close(softmax_bound(logits, "shifted"), (k + 2 + 2 * SPREAD) * u)
    close(softmax_bound(logits), softmax_bound(logits, "shifted"))
    free = by_hand(lambda row, y: abs(y) + max(abs(x - y) for x in row) + k + 2)
    close(softmax_bound(logits, "division-free"), free * u)


@pytest.mark.parametrize(("dtype", "digits"), FORMATS)
def test_bounds_of_the_logarithms(dtype, digits):
    logits, u, k = LOGITS.to(dtype), 2.0**-digits, 4
    sums = by_hand(lambda row, y: abs(y) + (y - max(row)) + (max(row) - min(row)) + k)
    close(logsumexp_bound(logits), sums * u)
    logs = [
        by_hand(lambda row, y, j=j: 2 * (y - row[j]) + (max(row) - min(row)) + k) for j in range(k)
    ]
    close(log_softmax_bound(logits), torch.stack(logs, -1) * u)


def test_a_row_that_is_not_finite_has_no_bound():
    """An infinite logit would otherwise count as one at which exponentials vanish."""
    for bad in (math.nan, math.inf, -math.inf):
        logits = T([[0.0, 1.0], [bad, 1.0]])
        for form in ("naive", "shifted", "division-free"):
            assert softmax_bound(logits, form).isnan().tolist() == [False, True]
        assert logit_spread(logits).isnan().tolist() == [False, True]
        assert logsumexp_bound(logits).isnan().tolist() == [False, True]
        assert log_softmax_bound(logits).isnan().all(1).tolist() == [False, True]


def test_arguments_are_named():
    with pytest.raises(TypeError, match=r"^logits must be floating point, got torch.int64"):
        logit_spread(T([1]))
    with pytest.raises(ValueError, match=r"^logits must have a last axis of classes"):
        logit_spread(T(1.0))
    with pytest.raises(ValueError, match=r"^form must be one of naive, shifted, division-free"):
        softmax_bound(T([1.0]), "exact")


# --- what is computed, against 50 digits ---------------------------------------------------

DTYPES = tuple(dtype for dtype, _ in FORMATS)
ROWS = 325  # of each kind: 8 kinds x 4 dtypes x 325 = 10 400 rows
K = 4


def generated_rows(dtype):
    """Rows of logits of eight kinds, (8 * ROWS, K): what a bound must survive."""
    g = torch.Generator().manual_seed(2021)
    unit = torch.rand(ROWS, K, generator=g, dtype=torch.float64)
    info = torch.finfo(dtype)
    cutoff = -math.log(info.smallest_normal)  # probabilities turn subnormal from this gap on
    kinds = [
        torch.randn(ROWS, K, generator=g, dtype=torch.float64),
        20 * unit - 10,
        200 * unit - 100,
        1e4 * (unit - 0.5),  # gaps of ten thousand
        3e4 + 10 * unit,  # a large common shift
        info.smallest_normal * 2 * unit - info.smallest_normal,  # subnormal logits
        torch.cat([torch.zeros(ROWS, 1), -cutoff - 9 * unit[:, 1:] + 3], 1),  # subnormal probs
        (4 * unit).round(),  # ties
    ]
    return torch.cat(kinds).to(dtype)


def reference(logits):
    """Log-sum-exp (m,) and probabilities (m, K) to 50 digits, each as a pair (high, low)."""
    with mpmath.workdps(50):
        sums, probs = [], []
        for row in logits.double().tolist():
            top = max(row)
            exps = [mpmath.exp(mpmath.mpf(x) - top) for x in row]
            total = mpmath.fsum(exps)
            sums.append(top + mpmath.log(total))
            probs.append([e / total for e in exps])
        return split(sums), split(probs)


def split(values):
    """Two float64 tensors whose sum is ``values`` to about 32 digits."""
    if isinstance(values[0], list):
        pairs = [split(row) for row in values]
        return tuple(torch.stack(part) for part in zip(*pairs, strict=True))
    high = [float(v) for v in values]
    low = [float(v - h) for v, h in zip(values, high, strict=True)]
    return torch.tensor(high, dtype=torch.float64), torch.tensor(low, dtype=torch.float64)


def error(computed, exact):
    """Absolute error of ``computed`` against a pair (high, low), in float64."""
    return ((computed.double() - exact[0]) - exact[1]).abs()


def admits(errors, bound):
    """True where the first-order bound, with its higher orders b + b^2 + ..., covers ``errors``."""
    assert bool((bound < 0.75).all()), "a bound this large would say nothing"
    return bool((errors <= bound / (1 - bound)).all())


@pytest.fixture(scope="module", params=DTYPES, ids=lambda d: str(d).removeprefix("torch."))
def case(request):
    logits = generated_rows(request.param)
    assert len(logits) * len(DTYPES) >= 10_000
    return logits, *reference(logits)


def test_inputs_include_what_they_promise(case):
    logits, _, probs = case
    info = torch.finfo(logits.dtype)
    gaps = logits.double().amax(1) - logits.double().amin(1)
    assert gaps.max() > 9e3
    assert ((logits != 0) & (logits.abs().double() < info.smallest_normal)).any()
    assert ((probs[0] > 0) & (probs[0] < info.smallest_normal)).any()


def test_narrow_formats_are_rounded_once(case):
    """They are computed in float32: but for its errors, no number of the format is nearer."""
    logits, lse, probs = case
    u = unit_roundoff(logits.dtype)
    if u < 1e-6:
        return  # float32 and float64: the bounds below
    step = torch.finfo(logits.dtype).smallest_normal * 2 * u  # between subnormal numbers
    log_probs = logits.double() - lse[0][:, None], -lse[1][:, None]
    fine = 2.0**-16  # 2 (exponent + K) roundings of float32
    for computed, exact, absolute in (
        (softmax(logits), probs, 0),
        (logsumexp(logits), lse, fine),
        (log_softmax(logits), log_probs, fine),
    ):
        allowed = (u + fine) * exact[0].abs() + step + absolute
        assert computed.dtype == logits.dtype
        assert bool((error(computed, exact) <= allowed).all())


def test_shifted_softmax_within_theorem_4_3(case):
    logits, _, probs = case
    errors = error(softmax(logits), probs).amax(1) / probs[0].amax(1)
    bound = softmax_bound(logits, "shifted")
    if logits.dtype == torch.bfloat16:  # u = 1/256: a spread of 93 alone gives 0.73
        errors, bound = errors[bound < 0.75], bound[bound < 0.75]
        assert len(errors) > len(logits) / 2
    assert admits(errors, bound)


def test_every_probability_is_close_not_only_the_largest(case):
    logits, _, probs = case
    info = torch.finfo(logits.dtype)
    depth = logits.double().amax(1, keepdim=True) - logits.double()  # (m, K)
    bound = (K + 4 + 2 * depth) * unit_roundoff(logits.dtype) * probs[0]
    floor = info.smallest_normal * info.eps  # one subnormal step, where a probability underflows
    assert bool((error(softmax(logits), probs) <= 1.5 * bound + floor).all())


def test_naive_softmax_within_theorem_3_3_where_nothing_overflows(case):
    logits, _, probs = case
    info = torch.finfo(logits.dtype)
    x = logits.double()
    safe = (x.amax(1) < math.log(info.max / K)) & (x.amin(1) > math.log(info.smallest_normal))
    assert safe.sum() > 1000
    errors = error(softmax_naive(logits), probs).amax(1) / probs[0].amax(1)
    assert admits(errors[safe], softmax_bound(logits, "naive")[safe])
    assert softmax_naive(logits)[~safe].isnan().any()


def test_division_free_softmax_within_theorem_3_4(case):
    logits, _, probs = case
    bound = softmax_bound(logits, "division-free")
    useful = bound < 0.75
    computed = torch.exp(logits - logsumexp(logits, keepdim=True))
    errors = error(computed, probs).amax(1) / probs[0].amax(1)
    assert useful.sum() > 900
    assert admits(errors[useful], bound[useful])


def test_logsumexp_within_its_bound(case):
    logits, lse, _ = case
    bound = logsumexp_bound(logits)
    assert bool((error(logsumexp(logits), lse) <= 1.05 * bound).all())


def test_log_softmax_within_its_bound(case):
    logits, lse, _ = case
    x = logits.double()
    high, low = lse[0][:, None], lse[1][:, None]
    errors = ((log_softmax(logits).double() - (x - high)) + low).abs()
    # x - high is itself rounded in float64: allow one rounding of the larger of the two.
    slack = 2**-53 * torch.maximum(x.abs(), high.abs())
    assert bool((errors <= 1.05 * log_softmax_bound(logits) + slack).all())


def test_cross_entropy_is_the_reference_loss(case):
    logits, lse, _ = case
    labels = torch.arange(len(logits)) % K
    picked = logits.double().gather(1, labels[:, None]).squeeze(1)
    exact = (lse[0] - picked) + lse[1]
    bound = log_softmax_bound(logits).gather(1, labels[:, None]).squeeze(1)
    slack = 2**-53 * torch.maximum(picked.abs(), lse[0].abs())
    errors = (cross_entropy(logits, labels, reduction="none").double() - exact).abs()
    assert bool((errors <= 1.05 * bound + slack).all())


def test_gradient_of_the_loss_is_probs_minus_one_hot(case):
    logits, _, probs = case
    labels = torch.arange(len(logits)) % K
    leaf = logits.clone().requires_grad_()
    cross_entropy(leaf, labels, reduction="sum").backward()
    one_hot = torch.nn.functional.one_hot(labels, K)
    exact = (probs[0] - one_hot, probs[1])
    # An entry's error is bounded by depth times e^-depth, so the spread does not matter here.
    bound = (K + 4) * unit_roundoff(logits.dtype)
    assert bool((error(leaf.grad, exact) <= bound).all())


def test_jacobian_and_vjp_against_the_reference(case):
    logits, _, probs = case
    p = probs[0]
    exact = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    tolerance = 4 * (K + 8) * unit_roundoff(logits.dtype)
    assert (softmax_jacobian(logits).double() - exact).abs().max() <= tolerance
    v = torch.linspace(-1, 1, K, dtype=torch.float64).to(logits.dtype)
    product = softmax_vjp(softmax(logits), v).double()
    assert (product - exact @ v.double()).abs().max() <= tolerance
