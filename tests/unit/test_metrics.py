"""Accuracy, the confusion matrix and what is read from it."""

import math
from functools import partial

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny import fast, judged

from course_utils.metrics import (
    accuracy,
    confusion_matrix,
    most_confident_mistakes,
    precision,
    recall,
)
from course_utils.softmax import softmax

close = torch.testing.assert_close
PROBS = torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5], [0.7, 0.2, 0.1], [0.2, 0.7, 0.1]])
LABELS = torch.tensor([0, 2, 0, 1])


def test_accuracy_of_the_textbook_example():
    assert accuracy(PROBS[:2], torch.tensor([0, 2])) == 0.5


def test_accuracy_is_an_exact_fraction_as_a_python_float():
    logits = torch.eye(3)[torch.tensor([0, 1, 2] * 1000 + [0])]
    value = accuracy(logits, torch.zeros(3001, dtype=torch.int64))
    assert type(value) is float
    assert value == 1001 / 3001


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_confusion_matrix_has_true_classes_in_the_rows(dtype):
    confusion = confusion_matrix(PROBS, LABELS.to(dtype))
    assert confusion.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]
    assert confusion.dtype == torch.int64


def test_confusion_matrix_of_byte_labels_does_not_wrap_around():
    labels = torch.tensor([30], dtype=torch.uint8)  # 30 * 40 does not fit a byte
    assert confusion_matrix(torch.zeros(1, 40), labels)[30, 0] == 1


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_confusion_matrix_agrees_with_counting_one_by_one(pairs):
    labels, predicted = (torch.tensor(column) for column in zip(*pairs, strict=True))
    logits = torch.nn.functional.one_hot(predicted, 5).float()
    expected = torch.zeros(5, 5, dtype=torch.int64)
    for true, guess in pairs:
        expected[true, guess] += 1
    confusion = confusion_matrix(logits, labels)
    assert torch.equal(confusion, expected)
    assert accuracy(logits, labels) == pytest.approx(confusion.trace().item() / len(pairs))


def test_recall_divides_by_rows_and_precision_by_columns():
    confusion = torch.tensor([[3, 1], [2, 4]])
    torch.testing.assert_close(recall(confusion), torch.tensor([3 / 4, 4 / 6]).double())
    torch.testing.assert_close(precision(confusion), torch.tensor([3 / 5, 4 / 5]).double())


def test_a_class_that_never_occurs_has_no_recall_rather_than_a_zero():
    confusion = torch.tensor([[2, 0], [0, 0]])
    assert recall(confusion)[0] == 1
    assert recall(confusion)[1].isnan()
    assert precision(confusion)[1].isnan()


def test_most_confident_mistakes_come_worst_first_and_are_all_wrong():
    labels = torch.tensor([0, 0, 0, 0])  # rows 0, 1 and 3 are wrong: 0.6, 0.5, 0.7
    assert most_confident_mistakes(PROBS, labels, 2).tolist() == [3, 0]
    assert most_confident_mistakes(PROBS, labels, 9).tolist() == [3, 0, 1]
    assert most_confident_mistakes(PROBS, PROBS.argmax(1), 2).tolist() == []
    ties = torch.full((200, 2), 0.5)  # in the order of the rows
    assert most_confident_mistakes(ties, torch.ones(200).long(), 200).tolist() == list(range(200))


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


def test_a_nan_is_no_prediction_and_infinities_are():
    """``argmax`` takes nan for the largest: a diverged model would be right for one class."""
    labels = torch.tensor([0, 2, 0, 1])
    for row in range(4):
        broken = PROBS.clone()
        broken[row, 1] = math.nan
        assert math.isnan(accuracy(broken, labels))
        with pytest.raises(ValueError, match=f"^logits must hold no nan, got one in row {row}; a"):
            confusion_matrix(broken, labels)
        with pytest.raises(ValueError, match=f"^probs must hold no nan, got one in row {row}; a"):
            most_confident_mistakes(broken, labels, 1)
    far = torch.tensor([[-math.inf, 0.0], [1.0, math.inf]])
    assert accuracy(far, torch.tensor([1, 1])) == 1
    assert confusion_matrix(far, torch.tensor([1, 1])).tolist() == [[0, 0], [0, 2]]


def test_each_function_refuses_what_does_not_fit():
    """The words of each message are read in test_messages."""
    zeros, three = torch.zeros(2, 3), torch.tensor([0, 3])
    for function in (accuracy, confusion_matrix, partial(most_confident_mistakes, n=1)):
        for scores, labels, words in (
            (zeros[:0], three[:0], r"\(0, 3\); is the split empty"),
            (zeros[:, :0], three, "at least one example and one class"),
            (zeros[0], three[:1], r"must have shape \(n, k\)"),
            (zeros, three, r"^labels must lie in 0\.\.2 "),
            (zeros, -three, r"^labels must lie in 0\.\.2 "),
            (zeros, three[:1], r"^labels must have shape \(2,\)"),
            (zeros.long(), three, "must be floating point"),
            (zeros, three.float(), r"^labels must be an integer tensor"),
        ):
            with pytest.raises((TypeError, ValueError), match=words):
                function(scores, labels)
