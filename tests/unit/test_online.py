"""Pairs merge in any split and order, in every format; one pass, one block of memory."""

import math
from functools import reduce

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.error_bounds import unit_roundoff
from course_utils.online import (
    merge,
    online_logsumexp,
    pair_logsumexp,
    pair_of,
)
from course_utils.profiling import peak_tensor_bytes
from course_utils.softmax import logsumexp

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INF = math.inf


def scores(n, dtype=torch.float32, seed=0, scale=4.0):
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(n, generator=generator, dtype=torch.float64)).to(dtype)


def merged_in_random_order(pieces, seed):
    generator = torch.Generator().manual_seed(seed)
    pairs = [pair_of(piece, pieces[0].dtype) for piece in pieces]
    while len(pairs) > 1:
        i, j = sorted(torch.randperm(len(pairs), generator=generator)[:2].tolist())
        right = pairs.pop(j)
        pairs[i] = merge(pairs[i], right)
    return pairs[0]


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    cuts=st.lists(st.integers(0, 500), max_size=20),
    seed=st.integers(0, 1000),
    scale=st.sampled_from([0.1, 4.0, 50.0]),
)
@settings(max_examples=25)
def test_any_split_and_order_gives_the_two_pass_pair(dtype, cuts, seed, scale):
    x = scores(500, dtype, seed, scale)
    result = merged_in_random_order(x.tensor_split(sorted(cuts)), seed)
    maximum, total = pair_of(x.double())
    assert result[0] == maximum
    # A merge rounds the shift (below 1 for what still counts), two exps, two products, one sum.
    bound = (8 * (len(cuts) + 1) + 20) * unit_roundoff(dtype)
    assert abs(result[1].double() / total - 1) < bound


@pytest.mark.parametrize("dtype", DTYPES)
def test_merge_commutes_to_the_bit_and_has_a_neutral_element(dtype):
    a, b = (pair_of(scores(30 + 10 * seed, dtype, seed), dtype) for seed in (0, 1))
    nothing = torch.tensor(-INF, dtype=dtype), torch.zeros((), dtype=dtype)
    for left, right in ((merge(a, b), merge(b, a)), (merge(a, nothing), a), (merge(nothing, a), a)):
        assert [x.item() for x in left] == [y.item() for y in right]
    assert [v.item() for v in merge(nothing, nothing)] == [-INF, 0]


ANY_SCORES = st.lists(st.one_of(st.floats(-700, 700), st.just(-INF)), min_size=1, max_size=12).map(
    lambda values: torch.tensor(values, dtype=torch.float64)
)


@given(ANY_SCORES, ANY_SCORES, ANY_SCORES)
@settings(max_examples=40)
def test_merge_is_associative(a, b, c):
    a, b, c = map(pair_of, (a, b, c))
    torch.testing.assert_close(merge(merge(a, b), c), merge(a, merge(b, c)))


@given(ANY_SCORES, st.floats(-100, 100), st.integers(1, 15))
@settings(max_examples=40)
def test_one_pass_equals_two_and_moves_with_a_shift(row, shift, block):
    whole = online_logsumexp(row.split(block))
    torch.testing.assert_close(whole, logsumexp(row))
    torch.testing.assert_close(online_logsumexp((row + shift).split(block)), whole + shift)


def test_ten_million_scores_within_twice_the_two_pass_error():
    two_pass, online = [], []
    for seed in range(3):
        x = scores(10_000_000, seed=seed)
        truth = logsumexp(x.double())
        two_pass.append(abs(logsumexp(x) - truth).item())
        online.append(abs(online_logsumexp(x.split(50_000), torch.float64) - truth).item())
    assert max(online) <= 2 * max(two_pass)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_without_a_wider_pair_the_error_is_that_of_two_passes_over_the_same_blocks(dtype):
    online, two_pass = [], []
    for seed in range(20):
        x = scores(100_000, dtype, seed)
        with mpmath.workdps(30):
            truth = mpmath.log(mpmath.fsum(mpmath.exp(v) for v in x[:2000].tolist()))
        blocks = x[:2000].split(100)
        shift = x[:2000].max()
        total = reduce(torch.add, [(block - shift).exp().sum() for block in blocks])
        two_pass.append(float(abs(mpmath.mpf((shift + total.log()).item()) - truth)))
        online.append(float(abs(mpmath.mpf(online_logsumexp(blocks).item()) - truth)))
    assert max(online) <= 2 * max(two_pass)


def blocks_of(length, size):
    for start in range(0, length, size):
        yield torch.sin(torch.arange(start, start + size, dtype=torch.float32))


def test_memory_is_that_of_one_block_whatever_the_length():
    peaks = [
        peak_tensor_bytes(lambda n=n: online_logsumexp(blocks_of(n, 1000), torch.float64))
        for n in (10_000, 100_000, 1_000_000)
    ]
    assert peaks[0] == peaks[1] == peaks[2] < 6 * 4 * 1000


def test_each_block_is_asked_for_once_and_in_turn():
    seen = []

    def blocks():
        for i in range(5):
            seen.append(i)
            yield torch.tensor([float(i)])

    torch.testing.assert_close(online_logsumexp(blocks()), torch.logsumexp(torch.arange(5.0), 0))
    assert seen == [0, 1, 2, 3, 4]


def test_a_pair_holds_sums_that_the_format_of_the_scores_cannot():
    for dtype in (torch.float16, torch.bfloat16):
        half = torch.zeros(70_000, dtype=dtype)
        maximum, total = pair_of(half)
        assert (maximum.dtype, total.dtype, total.item()) == (torch.float32, torch.float32, 70_000)
        narrow = pair_of(half, dtype)
        assert [part.dtype for part in narrow] == [dtype] * 2
        assert narrow[1].item() in (math.inf, 70_144)  # asked for, and got
        wide = online_logsumexp(half.split(10_000))
        assert abs(wide.item() - math.log(70_000)) < 1e-5
    small = pair_of(torch.tensor([0.0, -18.0]), torch.float64)[1] - 1  # lost in a float32 sum
    assert small.item() == pytest.approx(math.exp(-18), rel=1e-6)
    exact = online_logsumexp(torch.zeros(70_000).split(10_000), torch.float64)
    assert exact.item() == pytest.approx(math.log(70_000), rel=1e-15)


def test_a_block_without_scores_changes_nothing():
    nothing = torch.zeros(2, 0)
    assert [v.tolist() for v in pair_of(nothing)] == [[-INF, -INF], [0, 0]]
    far = torch.tensor([[-1000.0], [-2000.0]])
    for blocks in ([nothing, far], [far, nothing]):
        assert online_logsumexp(blocks).tolist() == [-1000, -2000]


@pytest.mark.parametrize(
    "row",
    [[0.0, -INF, 1.0], [-INF, -INF], [INF, 0.0], [math.nan, 1.0], [INF, -INF], [1000.0, -1000.0]],
)
def test_edges_are_those_of_logsumexp(row):
    x = torch.tensor(row)
    torch.testing.assert_close(online_logsumexp(x.split(1)), torch.logsumexp(x, 0), equal_nan=True)


def test_leading_axes_are_rows_of_their_own():
    x = scores(60).reshape(3, 20)
    torch.testing.assert_close(pair_logsumexp(pair_of(x)), torch.logsumexp(x, 1))
    torch.testing.assert_close(online_logsumexp(x.split(6, 1)), torch.logsumexp(x, 1))


def test_bad_input_is_named():
    with pytest.raises(TypeError, match=r"scores must be floating point, got torch.int64"):
        pair_of(torch.arange(3))
