"""The proposal, the corrected and the biased losses, each against the full softmax."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.sampling import (
    draw_log_uniform,
    log_uniform_probs,
    negative_sampling_loss,
    sampled_softmax_loss,
)
from course_utils.softmax import cross_entropy

K = 40


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def gathered(logits, labels, samples):
    """What a sampled loss needs, picked from all scores: true (n,), sampled and hits (n, s)."""
    column = labels.long()[:, None]
    return logits.gather(1, column).squeeze(1), logits.gather(1, samples), samples == column


@pytest.mark.parametrize("num_classes", [1, 2, 10, 500])
def test_the_proposal_falls_and_its_sums_are_logarithms(num_classes):
    q = log_uniform_probs(num_classes)
    assert q.dtype == torch.float64
    assert (q.diff() < 0).all()
    sums = [math.log(k + 2) / math.log(num_classes + 1) for k in range(num_classes)]
    assert q.cumsum(0).tolist() == pytest.approx(sums, abs=1e-13)


def test_draws_follow_the_proposal():
    draws = draw_log_uniform(K, (500, 400), generator=torch.Generator().manual_seed(0))
    assert draws.shape == (500, 400)
    q = log_uniform_probs(K)
    found = torch.bincount(draws.flatten(), minlength=K) / draws.numel()
    assert len(found) == K
    assert ((found - q).abs() / (q / draws.numel()).sqrt()).max() < 5


@given(st.integers(1, 10**6), st.integers(0, 2**31), st.lists(st.integers(1, 5), max_size=3))
@settings(max_examples=40)
def test_draws_have_the_shape_stay_inside_and_are_repeatable(num_classes, seed, shape):
    first, second = (
        draw_log_uniform(num_classes, tuple(shape), generator=torch.Generator().manual_seed(seed))
        for _ in range(2)
    )
    assert torch.equal(first, second)
    assert (first.shape, first.dtype) == (tuple(shape), torch.int64)
    assert 0 <= first.min() <= first.max() < num_classes


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 8), st.integers(0, 2**31))
@settings(max_examples=40)
def test_losses_agree_with_a_loop_that_leaves_hits_out(n, k, s, seed):
    logits, generator = 2 * normal(n, k, seed=seed), torch.Generator().manual_seed(seed)
    labels, samples = (torch.randint(k, size, generator=generator) for size in ((n,), (n, s)))
    full = binary = 0.0
    for row, label, drawn in zip(logits.tolist(), labels.tolist(), samples.tolist(), strict=True):
        kept = [row[j] for j in drawn if j != label]
        full += math.log(sum(math.exp(z) for z in [row[label], *kept])) - row[label]
        binary += math.log1p(math.exp(-row[label])) + sum(math.log1p(math.exp(z)) for z in kept)
    picked = gathered(logits, labels.to(torch.uint8), samples)
    assert sampled_softmax_loss(*picked).item() == pytest.approx(full / n)
    assert negative_sampling_loss(*picked).item() == pytest.approx(binary / n)
    everything = gathered(logits, labels, torch.arange(k).expand(n, k))
    for log_counts in (0.0, torch.zeros(k)):
        loss = sampled_softmax_loss(*everything, log_counts)
        torch.testing.assert_close(loss, cross_entropy(logits, labels))


def estimates(logits, label, number, draws=40_000):
    q = log_uniform_probs(K)
    samples = draw_log_uniform(K, (draws, number), generator=torch.Generator().manual_seed(2))
    true, sampled, hits = gathered(logits.expand(draws, K), torch.full((draws,), label), samples)
    weights = (sampled - (number * q[samples]).log()).exp().masked_fill(hits, 0)
    return (true.exp() + weights.sum(1)) / logits.exp().sum()


@pytest.mark.parametrize("label", [0, 7, 39])
def test_denominator_is_estimated_without_bias_and_its_logarithm_with(label):
    ratio = estimates(normal(1, K), label, 4)
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / len(ratio) ** 0.5
    assert ratio.log().mean() < -0.01


def expected_gradient(loss, logits, labels, number, draws=4000):
    wide = logits.repeat(draws, 1).requires_grad_()
    tall = labels.repeat(draws)
    generator = torch.Generator().manual_seed(3)
    samples = draw_log_uniform(K, (len(tall), number), generator=generator)
    (slope,) = torch.autograd.grad(loss(*gathered(wide, tall, samples), samples), wide)
    return slope.reshape(draws, *logits.shape).sum(0)


def test_the_correction_makes_the_bias_vanish_and_nothing_else_does():
    logits, labels, q = normal(4, K), torch.tensor([0, 3, 11, 30]), log_uniform_probs(K)
    leaf = logits.clone().requires_grad_()
    (truth,) = torch.autograd.grad(cross_entropy(leaf, labels), leaf)

    def bias(loss, number):
        gradient = expected_gradient(loss, logits, labels, number)
        return ((gradient - truth).norm() / truth.norm()).item()

    def corrected(t, s, h, ids):
        return sampled_softmax_loss(t, s, h, (ids.shape[1] * q[ids]).log())

    def uncorrected(t, s, h, ids):
        return sampled_softmax_loss(t, s, h)

    def negative(t, s, h, ids):
        return negative_sampling_loss(t, s, torch.zeros_like(h))

    assert bias(corrected, 128) < 0.02 < 0.1 < bias(corrected, 2)
    assert bias(uncorrected, 128) > 0.1
    assert bias(negative, 128) > 1


def test_the_choice_among_candidates_is_exact_with_hits_kept_and_not_without():
    """Every way to draw two of four classes: at z = ln p the mean gradient is 0, or not."""
    p, q = torch.softmax(normal(4), 0), log_uniform_probs(4)
    z = p.log().requires_grad_()
    pairs = torch.cartesian_prod(torch.arange(4), torch.arange(4))  # (16, 2)
    chances = q[pairs].prod(1)
    counts = (2 * q).log()
    means = []
    for keep in (True, False):
        mean = 0
        for label in range(4):
            for pair, chance in zip(pairs, chances, strict=True):
                hits = (pair == label)[None] & (not keep)
                true = (z[label] - counts[label])[None]
                loss = sampled_softmax_loss(true, z[pair][None], hits, counts[pair])
                mean = mean + p[label] * chance * loss
        (slope,) = torch.autograd.grad(mean, z)
        means.append(slope.abs().max().item())
    assert means[0] < 1e-15 < 1e-3 < means[1]


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("true", "sampled", "softmax_loss", "binary_loss"),
    [
        (-INF, 0.0, INF, INF),
        (0.0, -INF, 0.0, math.log(2)),
        (0.0, INF, NAN, INF),
        (INF, 0.0, NAN, math.log(2)),
        (NAN, 0.0, NAN, NAN),
        (0.0, NAN, NAN, NAN),
    ],
)
def test_what_is_not_finite(true, sampled, softmax_loss, binary_loss):
    scores = torch.tensor([true]), torch.tensor([[sampled]])
    for hit in (False, True):
        hits = torch.tensor([[hit]])
        found = sampled_softmax_loss(*scores, hits), negative_sampling_loss(*scores, hits)
        if not hit:  # else the sampled score is left out, whatever it is
            expected = torch.tensor(softmax_loss), torch.tensor(binary_loss)
            torch.testing.assert_close(found, expected, equal_nan=True)
        elif true == 0:
            torch.testing.assert_close(found, (torch.tensor(0.0), torch.tensor(math.log(2))))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_100_000_sampled_classes_in_every_format(dtype):
    true, sampled = torch.zeros(2, dtype=dtype), torch.zeros(2, 100_000, dtype=dtype)
    hits, u = torch.zeros(2, 100_000, dtype=torch.bool), torch.finfo(dtype).eps
    loss = sampled_softmax_loss(true, sampled, hits)
    assert loss.item() == pytest.approx(math.log(100_001), rel=u)
    loss = negative_sampling_loss(true, sampled - 5, hits)
    assert loss.item() == pytest.approx(math.log(2) + 1e5 * math.log1p(math.exp(-5)), rel=2 * u)


def test_best_scores_of_negative_sampling_are_log_ratios():
    p, q, number = torch.softmax(normal(K), 0), log_uniform_probs(K), 8
    scores = (p / (number * q)).log().requires_grad_()
    # Expectation over label and samples, written with the loss itself, class by class.
    loss = 0
    for j in range(K):
        row = scores[j].reshape(1)
        positive = negative_sampling_loss(row, row.new_zeros(1, 0), torch.zeros(1, 0, dtype=bool))
        both = negative_sampling_loss(row, row[:, None], torch.zeros(1, 1, dtype=bool))
        loss = loss + p[j] * positive + number * q[j] * (both - positive)
    (slope,) = torch.autograd.grad(loss, scores)
    assert slope.abs().max() < 1e-12


def test_rare_classes_of_a_billion_are_drawn_one_by_one():
    """With a uniform number in float32 only one class of 32 this high could be."""
    draws = draw_log_uniform(10**9, (1000,), generator=torch.Generator().manual_seed(0))
    rare = draws[draws > 5 * 10**8]
    assert len(rare) > 20
    assert len((rare % 128).unique()) > 10


def test_bad_input_is_named():
    good, hits = torch.zeros(2), torch.zeros(2, 3, dtype=torch.bool)
    for scores, mask in ((torch.zeros(3, 3), hits), (torch.zeros(2, 3, 4), torch.zeros(2, 3, 4))):
        with pytest.raises(ValueError, match=r"^true_scores must have shape \(n,\) and sampled_sc"):
            sampled_softmax_loss(good, scores, mask.bool())
    with pytest.raises(ValueError, match="make it: samples == labels"):
        sampled_softmax_loss(good, torch.zeros(2, 3), hits.float())
    with pytest.raises(TypeError, match=r"^sampled_scores must be floating point"):
        negative_sampling_loss(good, hits, hits)
    with pytest.raises(TypeError, match=r"^true_scores must be floating point"):
        negative_sampling_loss(good.long(), torch.zeros(2, 3), hits)
    with pytest.raises(ValueError, match=r"^num_classes must be at least 1, got 0"):
        log_uniform_probs(0)
    with pytest.raises(ValueError, match=r"^num_classes must be at least 1, got 0"):
        draw_log_uniform(0, (1,), generator=torch.Generator())
