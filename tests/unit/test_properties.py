"""What must hold of every input: metrics, calibration, decisions, batches."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from course_utils.calibration import (
    expected_calibration_error,
    fit_temperature,
    reliability_curve,
    require_probabilities,
)
from course_utils.data import Split, batches, split_off
from course_utils.decisions import expected_cost_decision
from course_utils.metrics import (
    accuracy,
    confusion_matrix,
    most_confident_mistakes,
    precision,
    recall,
)
from course_utils.softmax import softmax

SEEDS = st.integers(0, 2**31)
FLOATS = st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64])
close = torch.testing.assert_close
fast = settings(deadline=None, max_examples=40)


def generator(seed):
    return torch.Generator().manual_seed(seed)


@st.composite
def judged(draw, largest=30):
    """Scores (n, k) and labels (n,) in a drawn dtype, and a generator for the test's own use."""
    n, k, g = draw(st.integers(1, largest)), draw(st.integers(1, 6)), generator(draw(SEEDS))
    logits = 3 * torch.randn(n, k, generator=g, dtype=torch.float64)
    return logits.to(draw(FLOATS)), torch.randint(k, (n,), generator=g), g


# --- metrics --------------------------------------------------------------------------------


@fast
@given(judged())
def test_the_order_of_the_examples_does_not_matter(given_data):
    logits, labels, g = given_data
    order = torch.randperm(len(labels), generator=g)
    assert accuracy(logits[order], labels[order]) == accuracy(logits, labels)
    confusion = confusion_matrix(logits[order], labels[order])
    assert torch.equal(confusion, confusion_matrix(logits, labels))


@fast
@given(judged())
def test_renaming_the_classes_permutes_the_confusion_matrix(given_data):
    logits, labels, g = given_data
    assume((logits.topk(min(2, logits.shape[1])).values.diff() != 0).all())  # no ties
    names = torch.randperm(logits.shape[1], generator=g)
    renamed = confusion_matrix(logits[:, names], names.argsort()[labels])
    confusion = confusion_matrix(logits, labels)
    assert torch.equal(renamed, confusion[names][:, names])
    close(recall(renamed), recall(confusion)[names], equal_nan=True)
    close(precision(renamed), precision(confusion)[names], equal_nan=True)


@fast
@given(judged())
def test_recall_weighted_by_the_classes_is_the_accuracy(given_data):
    logits, labels, _ = given_data
    confusion = confusion_matrix(logits, labels)
    share_true = confusion.sum(1).double() / len(labels)
    share_guessed = confusion.sum(0).double() / len(labels)
    correct = pytest.approx(accuracy(logits, labels))
    assert (recall(confusion).nan_to_num() * share_true).sum().item() == correct
    assert (precision(confusion).nan_to_num() * share_guessed).sum().item() == correct


@fast
@given(judged(), st.integers(1, 40))
def test_mistakes_are_the_worst_ones_and_nothing_else(given_data, n):
    logits, labels, _ = given_data
    probs = softmax(logits.double())
    rows = most_confident_mistakes(probs, labels, n).tolist()
    wrong = [i for i in range(len(labels)) if probs[i].argmax() != labels[i]]
    assert rows == sorted(wrong, key=lambda i: -probs[i].max().item())[:n]


# --- calibration and decisions --------------------------------------------------------------


@fast
@given(judged(), st.integers(1, 20))
def test_calibration_error_agrees_with_a_loop_over_the_examples(given_data, num_bins):
    logits, labels, _ = given_data
    probs = softmax(logits.double())
    bins = [[] for _ in range(num_bins)]
    for row, label in zip(probs, labels.tolist(), strict=True):
        confidence, guess = row.max(0)
        place = min(max(math.ceil(confidence.item() * num_bins) - 1, 0), num_bins - 1)
        bins[place].append((confidence.item(), guess.item() == label))
    curve = reliability_curve(probs, labels, num_bins)
    assert curve.count.tolist() == [len(b) for b in bins]
    gap = sum(abs(sum(right - c for c, right in b)) for b in bins) / len(labels)
    assert expected_calibration_error(probs, labels, num_bins) == pytest.approx(gap, abs=1e-12)


@fast
@given(judged(), st.integers(1, 8), st.integers(2, 5))
def test_finer_bins_never_lower_the_calibration_error(given_data, num_bins, factor):
    logits, labels, _ = given_data
    probs = softmax(logits.double())
    coarse = expected_calibration_error(probs, labels, num_bins)
    fine = expected_calibration_error(probs, labels, num_bins * factor)
    assert fine >= coarse - 1e-9


@fast
@given(judged())
def test_softmax_of_every_dtype_is_taken_for_probabilities(given_data):
    logits, _, _ = given_data
    assert require_probabilities(softmax(logits)) is None


@fast
@given(judged(), st.floats(0.5, 2))
def test_temperature_scales_with_the_logits_and_keeps_the_predictions(given_data, scale):
    logits, labels, _ = given_data
    logits = logits.double()
    best = fit_temperature(logits, labels)
    assert 0.0099 < best < 100.01
    assert torch.equal((logits / best).argmax(1), logits.argmax(1))
    # Where all predictions are right, the best temperature is zero and rounding ends the search.
    if (logits.argmax(1) != labels).any() and 0.05 < best < 20:
        assert fit_temperature(scale * logits, labels) == pytest.approx(scale * best, rel=1e-6)


@fast
@given(judged(), st.integers(1, 5), st.floats(0.1, 10))
def test_only_differences_of_costs_decide(given_data, actions, scale):
    logits, _, g = given_data
    probs = softmax(logits.double())
    cost = torch.rand(probs.shape[1], actions, generator=g, dtype=torch.float64)
    by_hand = [[sum(p * c for p, c in zip(row, col, strict=True)) for col in cost.T.tolist()]
               for row in probs.tolist()]  # fmt: skip
    assume(all(b - a > 1e-9 for row in by_hand for a, b in pairwise(sorted(row))))
    chosen = expected_cost_decision(probs, cost)
    assert chosen.tolist() == [row.index(min(row)) for row in by_hand]
    shifted = scale * cost + torch.rand(probs.shape[1], 1, generator=g)  # a fee for each class
    assert torch.equal(expected_cost_decision(probs, shifted), chosen)


# --- batches --------------------------------------------------------------------------------


def numbered(n):
    return Split(torch.arange(n).float().reshape(n, 1, 1), torch.arange(n))


@fast
@given(st.integers(1, 50), st.integers(1, 60))
def test_batches_without_a_generator_are_the_split_in_pieces(n, batch_size):
    found = list(batches(numbered(n), batch_size))
    assert torch.equal(torch.cat([y for _, y in found]), torch.arange(n))
    assert all(torch.equal(X.flatten().long(), y) for X, y in found)
    assert all(len(y) == batch_size for _, y in found[:-1])
    assert 1 <= len(found[-1][1]) <= batch_size
    assert len(batches(numbered(n), batch_size)) == len(found)


@fast
@given(st.integers(2, 50), SEEDS, st.data())
def test_splitting_off_parts_the_examples(n, seed, data):
    held = data.draw(st.integers(1, n - 1))
    rest, out = split_off(numbered(n), held, generator=generator(seed))
    assert (len(rest), len(out)) == (n - held, held)
    assert sorted(rest.labels.tolist() + out.labels.tolist()) == list(range(n))
    for part in (rest, out):
        assert torch.equal(part.images.flatten().long(), part.labels)
    again = split_off(numbered(n), held, generator=generator(seed))[1]
    assert torch.equal(again.labels, out.labels)
