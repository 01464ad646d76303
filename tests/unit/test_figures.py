"""The Python side of figures 1 to 4: numbers in words, defaults, clamping."""

import pytest
import torch

from course_utils.figures.jacobian_explorer import JacobianExplorer
from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.overflow_explorer import OverflowExplorer
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.softmax import cross_entropy, softmax, softmax_jacobian

FIGURES = [SoftmaxPlayground, JacobianExplorer, LossExplorer, OverflowExplorer]


@pytest.mark.parametrize("figure", FIGURES)
def test_default_figure_says_what_it_shows(figure):
    made = figure()
    assert made.describe() in made.static_html()
    assert made._title in made.static_html()
    assert "<" not in made.describe()
    assert repr(made).startswith(f"{figure.__name__}(")
    assert " at 0x" not in repr(made)


def test_playground_probabilities_are_softmax():
    figure = SoftmaxPlayground(logits=[10, 0.1, 10, -3], temperature=0.5, shift=4, scale=2)
    z = torch.tensor(figure.logits, dtype=torch.float64)
    expected = softmax((z * 2 + 4) / 0.5)
    torch.testing.assert_close(torch.tensor(figure.probabilities(), dtype=z.dtype), expected)


def test_playground_words_name_each_class():
    words = SoftmaxPlayground().describe()
    assert "dog has score 2 and probability 0.705" in words
    assert "horse" not in words


def test_jacobian_words_are_the_row():
    figure = JacobianExplorer(row=5)  # more than there are classes: the last
    z = torch.tensor(figure.logits, dtype=torch.float64)
    torch.testing.assert_close(torch.tensor(figure.jacobian(), dtype=z.dtype), softmax_jacobian(z))
    assert "Row 3" in figure.describe()
    assert f"{figure.jacobian()[2][0]:+.3f}" in figure.describe()


def test_loss_words_are_cross_entropy():
    figure = LossExplorer(logit=-6, num_classes=4)
    logits = torch.tensor([[-6.0, 0, 0, 0]], dtype=torch.float64)
    loss = cross_entropy(logits, torch.tensor([0]))
    assert f"cross-entropy {loss.item():.3f}" in figure.describe()


def test_overflow_words_name_scores_and_format():
    words = OverflowExplorer(dtype="float16", size=200, pattern=[1, 0, 0]).describe()
    assert "200, 0, 0 in float16" in words
