"""Everything works where the data are: on the processor, and on a GPU where there is one."""

import pytest
import torch
from tiny import tiny_data
from torch import nn

from course_utils.blockwise import blockwise_cross_entropy
from course_utils.calibration import expected_calibration_error, fit_temperature, reliability_curve
from course_utils.metrics import (
    accuracy,
    confusion_matrix,
    most_confident_mistakes,
    precision,
    recall,
)
from course_utils.models import SoftmaxRegression
from course_utils.online import online_logsumexp
from course_utils.sampling import sampled_softmax_loss
from course_utils.softmax import logsumexp, softmax
from course_utils.sweep import train_sweep
from course_utils.training import evaluate, fit, predict


def graphics(name: str, there: bool):
    """Return a device as a parameter; without one its tests are skipped, with the reason."""
    marks = [pytest.mark.gpu, pytest.mark.skipif(not there, reason=f"needs a GPU: no {name} here")]
    return pytest.param(name, marks=marks)


DEVICES = [
    "cpu",
    graphics("cuda", torch.cuda.is_available()),
    graphics("mps", torch.backends.mps.is_available()),
]


def linear(device: str) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).to(device)


def from_scratch(device: str) -> SoftmaxRegression:
    return SoftmaxRegression(16, 3, generator=torch.Generator().manual_seed(0), device=device)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("make", [from_scratch, linear])
def test_training_and_measuring_happen_where_the_data_are(device, make):
    here, data = tiny_data(), tiny_data().to(device)
    models = [make("cpu"), make(device)]
    history, there = (
        fit(model, d, num_epochs=3, lr=0.5, batch_size=8)
        for model, d in zip(models, (here, data), strict=True)
    )
    assert there.train_loss == pytest.approx(history.train_loss, rel=1e-4)
    assert there.test_loss == pytest.approx(history.test_loss, rel=1e-4)
    model = models[1]
    assert {p.device.type for p in model.parameters()} == {device}
    loss, share = evaluate(model, data.test)
    assert (loss, share) == pytest.approx((there.test_loss[-1], there.test_accuracy[-1]), rel=1e-5)
    predicted = predict(model, data.test.images)
    assert predicted.device.type == device
    assert (predicted == data.test.labels).float().mean().item() == pytest.approx(share)


@pytest.mark.parametrize("device", DEVICES)
def test_a_sweep_is_the_same_on_every_device(device):
    runs = [
        train_sweep(d, lrs=(0.1, 0.5), num_epochs=2) for d in (tiny_data(), tiny_data().to(device))
    ]
    assert torch.allclose(runs[0].test_loss, runs[1].test_loss.cpu(), rtol=1e-4)


@pytest.mark.parametrize("device", DEVICES)
def test_measures_and_losses_take_scores_from_every_device(device):
    generator = torch.Generator().manual_seed(1)
    logits = 3 * torch.randn(40, 5, generator=generator)
    labels = torch.randint(5, (40,), generator=generator)
    pairs = [(logits, labels), (logits.to(device), labels.to(device))]

    def numbers(logits, labels):
        probs = softmax(logits)
        curve = reliability_curve(probs, labels)
        ones = torch.eye(5, device=logits.device)
        hits = torch.zeros(40, 2, dtype=torch.bool, device=logits.device)
        return [
            accuracy(logits, labels),
            confusion_matrix(logits, labels),
            recall(confusion_matrix(logits, labels)),
            most_confident_mistakes(probs, labels, 3),
            curve.confidence.nan_to_num(),
            expected_calibration_error(probs, labels),
            fit_temperature(logits, labels),
            online_logsumexp(logits.split(2, dim=1)) - logsumexp(logits),
            blockwise_cross_entropy(logits, ones, torch.zeros_like(ones[0]), labels, block_size=2),
            sampled_softmax_loss(logits[:, 0], logits[:, 1:3], hits),
        ]

    for one, other in zip(*(numbers(*pair) for pair in pairs), strict=True):
        if isinstance(other, torch.Tensor):
            assert other.device.type == device or (device, other.dtype) == ("mps", torch.float64)
        one, other = torch.as_tensor(one).double(), torch.as_tensor(other).cpu().double()
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-5)


class OnMps(torch.Tensor):
    """A tensor that says it is on a device without float64, and comes from there when asked."""

    device = torch.device("mps")

    def cpu(self):
        return self.as_subclass(torch.Tensor)


def test_what_needs_float64_comes_to_the_processor_from_a_device_without():
    counts = torch.tensor([[3, 1], [2, 2]])
    for function in (recall, precision):
        for found in (
            function(counts.as_subclass(OnMps)),
            function(confusion=counts.as_subclass(OnMps)),
        ):
            assert type(found) is torch.Tensor
            assert torch.equal(found, function(counts))
