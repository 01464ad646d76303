"""Bad input raises TypeError or ValueError: the argument, the value, a remedy that works."""

import math
from dataclasses import replace
from inspect import signature

import numpy as np
import pytest
import torch

from course_utils import validation
from course_utils.blockwise import blockwise_cross_entropy
from course_utils.calibration import (
    fit_temperature,
    reliability_curve,
    require_finite_scores,
)
from course_utils.data import (
    CLASSES,
    FashionMNIST,
    Split,
    batches,
    load_fashion_mnist,
    split_off,
    with_validation,
)
from course_utils.decisions import expected_cost_decision
from course_utils.exercises import check
from course_utils.exercises.chapter_06 import Batches
from course_utils.exercises.chapter_08 import mean_gradient_of_at_most
from course_utils.exercises.sandbox import Problem, require_callable_with
from course_utils.fashion_mnist.misplaced import require_root
from course_utils.fashion_mnist.resizing import require_size
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.decision_explorer import DecisionExplorer
from course_utils.figures.label_suspects import LabelSuspects
from course_utils.figures.quiz import Quiz
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.figures.training_lab import TrainingLab
from course_utils.figures.what_the_model_sees import WhatTheModelSees
from course_utils.losses import SoftmaxCrossEntropy, binary_cross_entropy_with_logits
from course_utils.metrics import (
    accuracy,
    confusion_matrix,
    most_confident_mistakes,
    precision,
    recall,
)
from course_utils.online import online_logsumexp
from course_utils.parallel.distributed import require_finite_weights
from course_utils.plots.tables import plot_jacobian
from course_utils.profiling import fit_power
from course_utils.sampling import require_sampled
from course_utils.softmax import (
    cross_entropy,
    log_softmax,
    logsumexp,
    softmax,
    softmax_jacobian,
    softmax_naive,
    softmax_vjp,
)
from course_utils.sweep import train_sweep
from course_utils.text import windows
from course_utils.training import fit
from course_utils.validation import require_probabilities

LOGITS = torch.zeros(4, 3)
LABELS = torch.tensor([0, 1, 2, 0])


@pytest.mark.parametrize("wrong", [None, (1, 2), (LOGITS, LABELS), Split])
def test_the_data_must_be_the_loaders(wrong):
    for use in (
        lambda: fit(torch.nn.Linear(1, 1), wrong, num_epochs=1, lr=0.1),
        lambda: train_sweep(wrong),
        lambda: with_validation(wrong, 1, generator=torch.Generator()),
        lambda: TrainingLab(data=wrong),
    ):
        with pytest.raises(
            TypeError, match=r"^data must be a FashionMNIST, got \w+; pass load_fashion_mnist\(\)$"
        ):
            use()


def test_logits_must_be_floating_point():
    for function in (softmax, softmax_naive, log_softmax, logsumexp, softmax_jacobian):
        for logits, words in (
            (LABELS, "be floating point, got torch.int64; convert it: logits.float()"),
            (LABELS > 0, "be floating point, got torch.bool; convert it: logits.float()"),
            (LOGITS + 0j, "be floating point, got torch.complex64; convert it: take its real "
             "part: logits.real"),
            ([1.0], "be a torch.Tensor, got list; wrap it: "
             "torch.as_tensor(logits, dtype=torch.float32)"),
        ):  # fmt: skip
            with pytest.raises(TypeError) as caught:
                function(logits)
            assert str(caught.value) == f"logits must {words}"


@pytest.mark.parametrize(
    ("logits", "labels", "kind", "words"),
    [
        (LOGITS.long(), LABELS, TypeError, r"logits must be floating point, got torch.int64"),
        (LOGITS[None], LABELS, ValueError, r"got \(1, 4, 3\).*reshape"),
        (LOGITS, LABELS.float(), TypeError, r"labels must be an integer.*float32.*labels.long"),
        (LOGITS, LABELS.bool(), TypeError, r"labels must be an integer tensor, got torch.bool"),
        (LOGITS, [0, 1, 2, 0], TypeError, r"labels must be an integer tensor, got list"),
        (LOGITS, LABELS[:, None, None], ValueError, r"got \(4, 1, 1\)"),
        (LOGITS, LABELS + 1, ValueError, r"in 0..2 for 3 classes, got 1..3; they"),
        (LOGITS, torch.eye(3).long()[LABELS], TypeError, r"labels must be floating point.*float"),
        (LOGITS, torch.eye(3), ValueError, r"shape \(4, 3\) .* got \(3, 3\); there"),
        (LOGITS, torch.ones(4, 3), ValueError, r"labels must be non-neg.*row 0 with sum 3"),
        (LOGITS, torch.tensor([[2.0, -1.0, 0.0]] * 4), ValueError, r"minimum -1; turn scores"),
        (LOGITS, torch.full((4, 3), math.nan), ValueError, r"sum to 1 in each row, got .* nan"),
    ],
)
def test_cross_entropy_inputs(logits, labels, kind, words):
    with pytest.raises(kind, match=words):
        cross_entropy(logits, labels)


def test_custom_function_checks_too():
    with pytest.raises(ValueError, match=r"labels must lie in 0..2"):
        SoftmaxCrossEntropy.apply(LOGITS, LABELS + 1)
    with pytest.raises(TypeError, match="labels must be an integer tensor"):
        SoftmaxCrossEntropy.apply(LOGITS, torch.eye(3)[LABELS])
    with pytest.raises(TypeError, match="logits must be floating point"):
        SoftmaxCrossEntropy.apply(LOGITS.long(), LABELS)


def test_cross_entropy_options():
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'avg'"):
        cross_entropy(LOGITS, LABELS, reduction="avg")
    with pytest.raises(ValueError, match=r"label_smoothing must lie in 0..1, got 1.5"):
        cross_entropy(LOGITS, LABELS, label_smoothing=1.5)
    with pytest.raises(ValueError, match=r"label_smoothing must lie in 0..1, got nan"):
        cross_entropy(LOGITS, LABELS, label_smoothing=math.nan)
    with pytest.raises(TypeError, match="label_smoothing must be a number, got 'a lot'"):
        cross_entropy(LOGITS, LABELS, label_smoothing="a lot")


def test_rounded_probabilities_are_accepted():
    labels = torch.softmax(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), 1)
    assert cross_entropy(LOGITS, labels.bfloat16()).isfinite()


@pytest.mark.parametrize(
    ("targets", "kind", "words"),
    [
        (torch.zeros(4, 3).long(), TypeError, r"targets must be floating point, got torch.int64"),
        (torch.full((4, 3), -0.5), ValueError, r"got -0.5..-0.5"),
        (torch.full((4, 3), math.nan), ValueError, r"targets must lie in 0..1, got nan..nan"),
    ],
)
def test_binary_targets(targets, kind, words):
    with pytest.raises(kind, match=words):
        binary_cross_entropy_with_logits(LOGITS, targets)


def test_the_type_of_a_derivative():
    with pytest.raises(TypeError, match="v must be floating point"):
        softmax_vjp(LOGITS, LABELS)


@pytest.mark.parametrize(
    ("check", "values", "kind", "words"),
    [
        ("require_positive", [0, -0.1, math.nan, math.inf], ValueError,
         "must be a finite number above 0, got {}"),
        ("require_positive", ["0.1", True, None], TypeError, "must be a number, got {}"),
        ("require_count", [0, -3], ValueError, "must be at least 1, got {}"),
        ("require_count", [1.0, "1", False], TypeError, "must be an integer, got {}"),
    ],
)  # fmt: skip
def test_numbers_out_of_range_or_of_another_kind(check, values, kind, words):
    for value in values:
        shown = value if kind is ValueError else f"{value!r} ({type(value).__name__})"
        with pytest.raises(kind) as caught:
            getattr(validation, check)("lr", value)
        assert str(caught.value) == "lr " + words.format(shown)


IMAGES = torch.rand(4, 2, 2)
ROWS = torch.eye(3)[LABELS]
MENDABLE = [  # (call, the argument that won't do): the message's remedy makes it do
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.float()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.double()[:, None]),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS[:, None]),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS[None]),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.bool()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.tolist()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.numpy()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS + 1),
    (lambda labels: cross_entropy(LOGITS, labels), ROWS.long()),
    (lambda labels: cross_entropy(LOGITS, labels), 0.995 * ROWS),
    (lambda labels: cross_entropy(LOGITS, labels), ROWS + 0.5),
    (lambda labels: cross_entropy(LOGITS, labels), -ROWS),
    (lambda labels: accuracy(LOGITS, labels), ROWS),
    (lambda labels: accuracy(LOGITS, labels), ROWS.long()),
    (lambda labels: Split(IMAGES, labels), LABELS.int()),
    (lambda labels: Split(IMAGES, labels), LABELS.float()[:, None]),
    (lambda labels: Split(IMAGES, labels), LABELS[:, None]),
    (lambda labels: Split(IMAGES, labels), ROWS),
    (lambda labels: Split(IMAGES, labels), LABELS.tolist()),
    (lambda images: Split(images, LABELS), IMAGES[:, None]),
    (lambda images: Split(images, LABELS), (255 * IMAGES).byte()),
    (lambda images: Split(images, LABELS), IMAGES.numpy()),
    (lambda probs: require_probabilities(probs), 0.995 * ROWS),
    (lambda probs: require_probabilities(probs), 3 * ROWS),
    (lambda probs: require_probabilities(probs), ROWS.long()),
    (lambda logits: softmax(logits), LOGITS.long()),
    (lambda logits: softmax(logits), torch.zeros(3, dtype=torch.complex64)),
    (lambda logits: softmax(logits), [1.0, 2.0]),
    (lambda logits: softmax_jacobian(logits), torch.tensor(2.0)),
    (lambda targets: binary_cross_entropy_with_logits(LOGITS, targets), torch.zeros(12)),
]


@pytest.mark.parametrize("number", range(len(MENDABLE)))
def test_the_remedy_of_a_message_works(number):
    call, value = MENDABLE[number]
    (name,) = signature(call).parameters
    with pytest.raises((ValueError, TypeError)) as caught:
        call(value)
    remedy = str(caught.value).rpartition(": ")[2]
    assert name in remedy
    known = {"torch": torch, "softmax": softmax, "logits": LOGITS}
    call(eval(remedy, known | {name: value}))


@pytest.mark.parametrize("total", [0.995, 1 + 1e-5, 1 + 1e-7])
def test_validators_agree_on_what_a_row_of_probabilities_is(total):
    """The loss, the calibration and the decision accept or refuse the same rows."""
    rows = total * torch.tensor([[0.75, 0.25]])
    calls = (
        lambda: cross_entropy(torch.zeros(1, 2), rows),
        lambda: reliability_curve(rows, torch.tensor([0])),
        lambda: expected_cost_decision(rows, torch.eye(2)),
    )
    refused = 0
    for call in calls:
        try:
            call()
        except ValueError:
            refused += 1
    assert refused == (0 if abs(total - 1) < 1e-6 else 3)


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, np.float16, np.float32, np.float64])
def test_numbers_of_numpy_are_numbers(kind):
    validation.require_positive("lr", kind(1))
    validation.require_fraction("label_smoothing", kind(1))
    validation.require_rates("lrs", np.array([1, 2], dtype=kind))
    if np.issubdtype(kind, np.integer):
        validation.require_count("n", kind(1))
        assert require_size(kind(5)) == (5, 5)
    else:
        with pytest.raises(TypeError, match="n must be an integer"):
            validation.require_count("n", kind(1))
    with pytest.raises(TypeError, match="lr must be a number, got"):
        validation.require_positive("lr", np.bool_(True))


def test_good_input_passes():
    validation.require_positive("lr", 1e-9)
    validation.require_count("num_epochs", 1)
    validation.require_fraction("label_smoothing", 0)
    validation.require_labels(LABELS.to(torch.uint8), 4, 3)
    validation.require_labels(torch.zeros(0, dtype=torch.long), 0, 3)


# --- word for word ------------------------------------------------------------------------------

T = torch.tensor
MAKE_IT = "make it with confusion_matrix(logits, labels)"


class Pairwise(torch.nn.Module):
    """Can't train on one example, as batch normalisation can't."""

    def forward(self, X):
        if len(X) == 1:
            raise ValueError("two, please")


def numbered(n=3):
    return Split(torch.zeros(n, 2, 2), torch.arange(n))


DATA = FashionMNIST(numbered(), numbered(), valid=numbered(), source="real")
WILD = torch.nn.Linear(1, 1)
torch.nn.init.constant_(WILD.bias, math.inf)
CASES = [
    (lambda: precision([1]), f"confusion must be a torch.Tensor, got list; {MAKE_IT}"),
    (
        lambda: precision(torch.zeros(2, 3)),
        f"confusion must be square, (k, k), got shape (2, 3); {MAKE_IT}",
    ),
    (lambda: recall([1]), f"confusion must be a torch.Tensor, got list; {MAKE_IT}"),
    (
        lambda: recall(torch.zeros(2, 3)),
        f"confusion must be square, (k, k), got shape (2, 3); {MAKE_IT}",
    ),
    (
        lambda: recall(torch.zeros(2, 2, 2)),
        f"confusion must be square, (k, k), got shape (2, 2, 2); {MAKE_IT}",
    ),
    (
        lambda: recall(T([[1, -2], [0, 1]])),
        f"confusion must hold counts of at least 0, got -2; {MAKE_IT}",
    ),
    (
        lambda: precision(T([[1, 0], [math.nan, 1]])),
        f"confusion must hold counts of at least 0, got nan; {MAKE_IT}",
    ),
    (
        lambda: recall(T([[1, math.inf], [1, 1]])),
        f"confusion must hold counts of at least 0, got inf; {MAKE_IT}",
    ),
    (
        lambda: confusion_matrix(torch.zeros(3), T([0])),
        "logits must have shape (n, k), one row per example, got (3,); "
        "flatten the leading axes, or add one with logits[None]",
    ),
    (
        lambda: confusion_matrix(torch.zeros(2, 0), T([0, 0])),
        "logits must hold at least one example and one class, got shape (2, 0); "
        "is the split empty?",
    ),
    (lambda: most_confident_mistakes(torch.ones(1, 1), T([0]), 0), "n must be at least 1, got 0"),
    (
        lambda: require_probabilities(torch.zeros(0, 3)),
        "probs must have shape (n, k) with at least one row, got (0, 3)",
    ),
    (
        lambda: require_probabilities(T([[0.5, 0.5], [1.5, -0.25]])),
        "probs must be non-negative and sum to 1 in each row, got row 1 with sum 1.25 and minimum "
        "-0.25; turn scores into probabilities first: softmax(probs)",
    ),
    (
        lambda: require_probabilities(T([[0.5, 0.5], [1.5, -0.5]])),  # not the first row
        "probs must be non-negative and sum to 1 in each row, got row 1 with sum 1 and minimum "
        "-0.5; turn scores into probabilities first: softmax(probs)",
    ),
    (
        lambda: require_probabilities(T([[0.5, 0.5], [0.5, math.nan]])),
        "probs must be non-negative and sum to 1 in each row, got row 1 with sum nan and minimum "
        "nan; a weight or a pixel is not finite, or the training diverged",
    ),
    (
        lambda: require_probabilities(T([[1.0, math.inf]])),
        "probs must be non-negative and sum to 1 in each row, got row 0 with sum inf and minimum "
        "1; a weight or a pixel is not finite, or the training diverged",
    ),
    (
        lambda: require_probabilities(T([[1.0, -math.inf]])),  # a class that is left out
        "probs must be non-negative and sum to 1 in each row, got row 0 with sum -inf and minimum "
        "-inf; turn scores into probabilities first: softmax(probs)",
    ),
    (
        lambda: require_probabilities(T([[1]])),
        "probs must be floating point, got torch.int64; convert it: probs.float()",
    ),
    (
        lambda: require_finite_scores(T([[0.0, 1.0], [math.inf, 2.0]]), T([0, 0])),
        "logits must be finite, got [inf, 2.0] in row 1; "
        "a weight or a pixel is not finite, or the learning rate was far too large",
    ),
    (lambda: fit_temperature(T([1.0]), T([0])), "logits must have shape (n, k), one row per "
     "example, got (1,); flatten the leading axes, or add one with logits[None]"),
    (
        lambda: reliability_curve(T([[1.0]]), T([0]), 0),
        "num_bins must be at least 1, got 0",
    ),
    (
        lambda: expected_cost_decision(T([[0.5, 0.5]]), torch.zeros(3, 2)),
        "cost must have shape (2, m), a row per true class and a column per action, got (3, 2); "
        "transpose it if the actions stand in the rows",
    ),
    (
        lambda: expected_cost_decision(T([[0.5, 0.5]]), torch.zeros(2)),
        "cost must have shape (2, m), a row per true class and a column per action, got (2,); "
        "transpose it if the actions stand in the rows",
    ),
    (
        lambda: expected_cost_decision(T([[0.5, 0.5]]), torch.zeros(2, 0)),
        "cost must have shape (2, m), a row per true class and a column per action, got (2, 0); "
        "transpose it if the actions stand in the rows",
    ),
    (
        lambda: expected_cost_decision(T([[1.0]]), T([[math.inf]])),
        "cost must be finite, got an infinite or nan entry; a price too high to pay "
        "is still a number: use a large one",
    ),
    (
        lambda: expected_cost_decision(T([[1.0]]), T([[1]])),
        "cost must be floating point, got torch.int64; convert it: cost.float()",
    ),
    (
        lambda: Split(torch.zeros(2, 2), T([0, 1])),
        "images must have shape (n, h, w), got (2, 2); add the missing axes: reshape(n, h, w)",
    ),
    (
        lambda: Split(torch.zeros(2, 2, 2), T([0])),
        "labels must have shape (2,), one per image, got (1,); there are 1 of them for 2 examples",
    ),
    (lambda: batches(numbered(), 0), "batch_size must be at least 1, got 0"),
    (lambda: batches(numbered(0), 4), "split must hold at least one example, got an empty one"),
    (lambda: split_off(numbered(), 0, generator=None), "n must be at least 1, got 0"),
    (
        lambda: split_off(numbered(), 3, generator=None),
        "n must be below the 3 examples of the split, got 3",
    ),
    (
        lambda: load_fashion_mnist(source="net"),
        "source must be one of auto, real, synthetic, got 'net'",
    ),
    (
        lambda: cross_entropy(LOGITS[0], LABELS),
        "logits must have shape (n, k), n examples by k classes, got (3,); "
        "reshape them: logits.reshape(-1, k)",
    ),
    (
        lambda: cross_entropy(LOGITS, LABELS[:3]),
        "labels must have shape (4,), one per row of logits, got (3,); "
        "there are 3 of them for 4 examples",
    ),
    (
        lambda: cross_entropy(LOGITS, LABELS - 1),
        "labels must lie in 0..2 for 3 classes, got -1..1; leave out the examples without a class",
    ),
    (
        lambda: cross_entropy(LOGITS, LABELS * 4),
        "labels must lie in 0..2 for 3 classes, got 0..8; give the logits 9 columns, one per class",
    ),
    (
        lambda: binary_cross_entropy_with_logits(LOGITS, torch.full((4, 3), 2.0)),
        "targets must lie in 0..1, got 2..2; 1 means yes, 0 no",
    ),
    (
        lambda: binary_cross_entropy_with_logits(LOGITS, torch.zeros(4)),
        "targets must have the shape (4, 3) of the logits, got (4,); "
        "one target per logit is wanted",
    ),
    (
        lambda: softmax_jacobian(T(2.0)),
        "logits must have a last axis of classes, got the single number 2.0; "
        "give it one: logits[None]",
    ),
    (
        lambda: Split(torch.zeros(1, 2, 2, 3), T([0])),
        "images must have shape (n, h, w), got (1, 2, 2, 3); "
        "grey images are wanted, one number per pixel",
    ),
    (
        lambda: Split(torch.zeros(2, 2, 2).byte(), T([0, 1])),
        "images must be floating point in [0, 1], got torch.uint8; "
        "scale them: images.float() / 255",
    ),
    (
        lambda: validation.require_scores(LOGITS, LABELS, num_classes=10),
        "logits must have 10 columns, one per class, got 3; "
        "give the model's last layer 10 outputs",
    ),
    (
        lambda: validation.require_no_nan("logits", T([[0.0], [math.nan]])),
        "logits must hold no nan, got one in row 1; "
        "a weight or a pixel is nan, or the training diverged",
    ),
    (
        lambda: validation.require_rates("lrs", []),
        "lrs must hold at least one value, got none",
    ),
    (
        lambda: validation.require_model(torch.nn.Linear, "cpu"),
        "model must be a SoftmaxRegression or a torch.nn.Module, something to call that has "
        "parameters(), got the class Linear; make one: SoftmaxRegression()",
    ),
    (
        lambda: validation.require_model(torch.nn.ReLU(), "cpu"),
        "model must have a parameter that can be trained, got 0, all frozen; "
        "thaw one: param.requires_grad_()",
    ),
    (
        lambda: validation.require_model(torch.nn.Linear(1, 1), torch.device("meta")),
        "model must be on the device of the data, meta, got cpu; "
        "move the data, data.to('cpu'), or the model",
    ),
    (
        lambda: validation.require_optimizer("SGD", []),
        "optimizer must be a torch.optim.Optimizer, got 'SGD'; "
        "make one: torch.optim.SGD(model.parameters(), lr=0.1)",
    ),
    (
        lambda: validation.require_optimizer(torch.optim.LBFGS([torch.zeros(1)]), []),
        "optimizer must take a step from one gradient, got LBFGS, which needs the loss again "
        "and again; take SGD or Adam",
    ),
    (
        lambda: validation.require_optimizer(torch.optim.Adam([torch.zeros(1)]), []),
        "optimizer must hold parameters of model, got 1 of 1 that are not; "
        "make it anew: torch.optim.Adam(model.parameters(), ...)",
    ),
    (
        lambda: validation.require_loss(torch.nn.CrossEntropyLoss),
        "loss must be a function of (logits, labels), got the class CrossEntropyLoss; "
        "take one: torch.nn.CrossEntropyLoss()",
    ),
    (
        lambda: validation.require_loss_value(0.5),
        "loss must return a scalar tensor, got 0.5 (float); leave out .item()",
    ),
    (
        lambda: validation.require_loss_value(torch.zeros(2)),
        "loss must return a scalar tensor, got shape (2,); average over the batch: .mean()",
    ),
    (
        lambda: validation.require_loss_value(T(0.5)),
        "loss must be computed from the logits so that it has a gradient, got 0.5; "
        "leave out .detach() and torch.no_grad()",
    ),
    (
        lambda: softmax_vjp(LOGITS, torch.zeros(4, 1)),
        "v must have the last axis of probs, (4, 3), got (4, 1)",
    ),
    (
        lambda: fit(torch.nn.Linear(4, 3), DATA, num_epochs=1),
        "lr or optimizer must be given, and not both, got lr=None and optimizer=None; "
        "an optimizer has a learning rate of its own",
    ),
    (
        lambda: with_validation(DATA, 1, generator=None),
        "data must have no validation split yet, got one of 3 images; "
        "take the data as they were loaded",
    ),
    (
        lambda: replace(DATA, test=Split(torch.zeros(3, 4, 4), torch.arange(3))),
        "test must hold images of (2, 2) on cpu, as train does, got (4, 4) on cpu; load all splits "
        "with one resize=, and move them together: data.to(device)",
    ),
    (
        lambda: replace(DATA, test=Split(torch.zeros(3, 2, 2), 10 * torch.arange(3))),
        "test must have labels in 0..9 for 10 classes, got 0..20; labels start at 0",
    ),
    (
        lambda: blockwise_cross_entropy(
            torch.zeros(4, 2), torch.zeros(3, 2), torch.zeros(3), LABELS
        ),
        "features must have shape (n, d) and weight (d, K), got (4, 2) and (3, 2); "
        "the weight of an nn.Linear is stored as (K, d): pass layer.weight.T",
    ),
    (
        lambda: blockwise_cross_entropy(
            torch.zeros(4, 2), torch.zeros(2, 3), torch.zeros(2), LABELS
        ),
        "bias must have shape (3,), one number for each column of weight, got (2,)",
    ),
    (
        lambda: blockwise_cross_entropy(
            torch.zeros(4, 2), torch.zeros(2, 3), torch.zeros(3).double(), LABELS
        ),
        "features, weight and bias must have the same format, got torch.float32, torch.float32 and "
        "torch.float64; convert with .to(dtype)",
    ),
    (
        lambda: online_logsumexp([]),
        "blocks must hold at least one block, got none; is the iterator used up?",
    ),
    (
        lambda: fit_power([1, 2], [1, -1]),
        "sizes and values must be finite numbers above 0, got [[1.0, 1.0], [2.0, -1.0]]; "
        "drop the points that are not",
    ),
    (
        lambda: fit_power([1, 2], [1, 1], between=(2, 3)),
        "between must leave at least two sizes to fit, got (2, 3) for [1, 2]",
    ),
    (
        lambda: require_sampled(torch.zeros(4), LOGITS, LABELS),
        "hits must be a bool tensor of shape (4, 3), got torch.int64 of shape (4,); "
        "make it: samples == labels[:, None]",
    ),
    (
        lambda: require_sampled(torch.zeros(3), LOGITS, LABELS),
        "true_scores must have shape (n,) and sampled_scores (n, s), got (3,) and (4, 3)",
    ),
    (
        lambda: windows([torch.arange(3)], 3),
        "sequences must hold one longer than 3, got none; lower length",
    ),
    (
        lambda: require_root(" "),
        "root must name a folder, got ' '; pass the folder that holds FashionMNIST/raw, "
        "or leave root and FASHION_MNIST_ROOT unset",
    ),
    (
        lambda: require_root("~nobody-here"),
        "root begins with a user who has no home folder here, got '~nobody-here'; "
        "write the whole path",
    ),
    (
        lambda: require_root("https://a.b/c"),
        "root must be a path, not an address, got 'https://a.b/c'; pass a folder",
    ),
    (
        lambda: Quiz("1.a", "?", [("a", "b"), ("c", "")], 0),
        "options must be pairs (text, explanation), got [('a', 'b'), ('c', '')]",
    ),
    (
        lambda: Quiz("1.a", "?", [("a", "b")], 0),
        "options must hold 2 to 6 pairs, got 1",
    ),
    (
        lambda: Quiz("1.a", "?", [("a", "b"), ("c", "d")], 2),
        "right must be an index in 0..1, got 2",
    ),
    (
        lambda: WhatTheModelSees.of(torch.nn.Linear(2, 3), CLASSES),
        "model must have one layer of weights (784, 10), got [(3, 2), (3,)]; "
        "pass a SoftmaxRegression()",
    ),
    (
        lambda: BrowserRegression(added=1),
        "added must hold [x1, x2, number] rows, got 1",
    ),
    (
        lambda: BrowserRegression(added=[[1, 2]]),
        "added must hold [x1, x2, number] rows, got [1, 2]",
    ),
    (
        lambda: BrowserRegression(added=[[1, 2, 9]]),
        "added must hold classes 0 to 4, got 9",
    ),
    (
        lambda: SoftmaxPlayground(logits=1),
        "logits must be a list of 2 to 6 numbers, got 1",
    ),
    (
        lambda: DecisionExplorer(cost=[1] * 5),
        "cost must hold 4 or 6 numbers, got 5",
    ),
    (
        lambda: LabelSuspects.of(torch.zeros(10, 28, 28), LABELS, CLASSES, T([0]), source="real"),
        "images must have shape (n, 28, 28) with n above 10, got (10, 28, 28); "
        "pass data.train.images",
    ),
    (
        lambda: TrainingLab(3, DATA),
        "make_model must be a function that returns a new model, got 3; "
        "wrap the model: lambda: SoftmaxRegression()",
    ),
    (
        lambda: WhatTheModelSees.of(torch.nn.Linear(784, 10), ["a"]),
        "classes must hold 10 names, got ['a']",
    ),
    (
        lambda: plot_jacobian(None, torch.zeros(2, 3)),
        "jacobian must have shape (k, k), got (2, 3)",
    ),
    (
        lambda: validation.require_device("cuba"),
        "device must be one that is there (cpu), got 'cuba'",
    ),
    (
        lambda: validation.require_batches_it_can_train_on(Pairwise(), torch.zeros(5, 2), 2),
        "batch_size must leave more than one example for the last batch, because model can't train "
        "on one (two, please), got 2 for 5 examples; take batch_size=3",
    ),
    (
        lambda: validation.require_batches_it_can_train_on(Pairwise(), torch.zeros(1, 2), 2),
        "batch_size must leave more than one example for the last batch, because model can't train "
        "on one (two, please), got 2 for 1 examples; take more images",
    ),
    (
        lambda: mean_gradient_of_at_most(3)(torch.zeros(4, 2), LABELS),
        "there is memory for 1 to 3 rows at once, got 4",
    ),
    (
        lambda: [*(once := Batches(IMAGES, 2)), *once],
        "each batch comes once; keep what you need of it when it comes",
    ),
    (
        lambda: [*Batches(torch.rand(42, 2), 2)],
        "many batches, or all their numbers, are kept; keep sums of them",
    ),
    (
        lambda: require_finite_weights(WILD),
        "stopped: the loss is no longer a finite number, and this epoch's weights were not saved; "
        "look for data that aren't finite, or choose a smaller learning rate",
    ),
    (
        lambda: require_callable_with(3, ()),
        "a function is asked for, got int; give the function itself, without calling it",
    ),
    (
        lambda: require_callable_with(lambda x: x, (1, 2)),
        "the function is called with 2 argument(s), and does not take them: "
        "too many positional arguments",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), CASES)
def test_message(call, message):
    with pytest.raises((ValueError, TypeError, RuntimeError, Problem)) as caught:
        call()
    assert str(caught.value) == message


def test_unknown_exercise_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"number must be one of 1\.1, ") as caught:
        check("0.0", 1)
    assert str(caught.value).endswith(", as a string such as \"2.3\", got '0.0'")
