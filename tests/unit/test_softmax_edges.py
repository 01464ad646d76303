"""Rows with infinities and nan, empty axes, single numbers: the same as torch, gradients too."""

import math

import pytest
import torch
import torch.nn.functional as tf

from course_utils.losses import binary_cross_entropy_with_logits
from course_utils.softmax import cross_entropy, log_softmax, logsumexp, softmax

INF, NAN = math.inf, math.nan
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
PAIRS = {
    "softmax": (softmax, torch.softmax),
    "log_softmax": (log_softmax, torch.log_softmax),
    "logsumexp": (logsumexp, torch.logsumexp),
}
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


def value_and_jacobian(function, row, dtype):
    logits = torch.tensor(row, dtype=dtype, requires_grad=True)
    result = function(logits, -1)
    rows = [torch.autograd.grad(r, logits, retain_graph=True)[0] for r in result.reshape(-1)]
    return result.detach(), torch.stack(rows)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("name", PAIRS)
def test_edge_rows_and_their_gradients_as_in_torch(name, row, dtype):
    ours, theirs = (value_and_jacobian(f, row, dtype) for f in PAIRS[name])
    u = torch.finfo(dtype).eps
    for mine, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, expected, rtol=4 * u, atol=4 * u, equal_nan=True)


@pytest.mark.parametrize("name", PAIRS)
def test_an_edge_row_spoils_no_other_row(name):
    good = torch.tensor([1.0, 2.0, 4.0])
    function = PAIRS[name][0]
    for row in (r for r in ROWS.values() if len(r) == 3):
        batch = torch.stack([good, torch.tensor(row), good])
        assert torch.equal(function(batch)[0], function(good))
        assert torch.equal(function(batch)[2], function(good))


@pytest.mark.parametrize("shape", [(2, 0), (0, 3), (0,), (0, 0), (2, 0, 3), (3, 2, 0), ()])
@pytest.mark.parametrize("name", PAIRS)
def test_empty_axes_and_single_numbers_as_in_torch(name, shape):
    ours, theirs = PAIRS[name]
    logits = torch.zeros(shape)
    for dim in range(-max(1, logits.ndim), max(1, logits.ndim)):
        mine, expected = ours(logits, dim), theirs(logits, dim)
        assert mine.shape == expected.shape
        assert torch.equal(mine, expected)


def test_stated_values():
    nowhere = torch.full((3,), -INF)
    assert softmax(nowhere).isnan().all()
    assert log_softmax(nowhere).isnan().all()
    assert logsumexp(nowhere).item() == -INF
    assert logsumexp(torch.tensor([INF, 0.0])).item() == INF
    assert logsumexp(torch.zeros(2, 0)).tolist() == [-INF, -INF]
    assert softmax(torch.tensor(3.0)).item() == 1
    assert softmax(torch.tensor([0.0, -INF])).tolist() == [1.0, 0.0]


def test_logsumexp_of_nothing_has_no_gradient_number():
    logits = torch.full((3,), -INF, requires_grad=True)
    logsumexp(logits).backward()
    assert logits.grad.isnan().all()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_no_examples(reduction):
    logits, labels = torch.zeros(0, 3), torch.zeros(0, dtype=torch.long)
    ours = cross_entropy(logits, labels, reduction)
    theirs = tf.cross_entropy(logits, labels, reduction=reduction)
    torch.testing.assert_close(ours, theirs, equal_nan=True)


@pytest.mark.parametrize("labels", [[0], [1], [[1.0, 0.0]], [[0.0, 1.0]], [[0.5, 0.5]]])
@pytest.mark.parametrize("row", [[0.0, -INF], [INF, 0.0], [NAN, 0.0], [-INF, -INF]])
def test_cross_entropy_of_edge_rows_as_in_torch(row, labels):
    labels = torch.tensor(labels)
    results = []
    for function in (cross_entropy, tf.cross_entropy):
        logits = torch.tensor([row], requires_grad=True)
        loss = function(logits, labels)
        loss.backward()
        results.append((loss.detach(), logits.grad))
    (ours, gradient), (theirs, expected) = results
    torch.testing.assert_close(ours, theirs, equal_nan=True)
    torch.testing.assert_close(gradient, expected, equal_nan=True)


@pytest.mark.parametrize(
    ("logit", "target", "loss"),
    [(INF, 0.0, INF), (-INF, 1.0, INF), (INF, 1.0, NAN), (-INF, 0.0, NAN), (NAN, 0.0, NAN)],
)
def test_binary_edges(logit, target, loss):
    """As in torch, save that an infinitely wrong "no" costs inf here and NaN there."""
    result = binary_cross_entropy_with_logits(torch.tensor(logit), torch.tensor(target))
    torch.testing.assert_close(result, torch.tensor(loss), equal_nan=True)
