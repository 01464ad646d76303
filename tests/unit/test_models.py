"""The from-scratch model against torch's own linear layer."""

import pytest
import torch

from course_utils.models import SoftmaxRegression


def test_logits_equal_those_of_a_linear_layer():
    model = SoftmaxRegression(6, 4, generator=torch.Generator().manual_seed(1))
    linear = torch.nn.Linear(6, 4)
    with torch.no_grad():
        linear.weight.copy_(model.weight.T)
        linear.bias.copy_(model.bias.add_(torch.arange(4.0)))
    X = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(model(X), linear(X.flatten(1)))


def test_same_seed_same_weights_and_other_seed_other_weights():
    draw = [
        SoftmaxRegression(3, 2, generator=torch.Generator().manual_seed(s)).weight
        for s in (0, 0, 1)
    ]
    assert torch.equal(draw[0], draw[1])
    assert not torch.equal(draw[0], draw[2])


def test_without_a_generator_the_default_one_decides():
    torch.manual_seed(3)
    first = SoftmaxRegression(3, 2).weight
    assert not torch.equal(first, SoftmaxRegression(3, 2).weight)
    torch.manual_seed(3)
    assert torch.equal(first, SoftmaxRegression(3, 2).weight)


@pytest.mark.parametrize("sigma", [0.01, 0.5])
def test_initial_weights_have_the_stated_spread_and_biases_are_zero(sigma):
    model = SoftmaxRegression(generator=torch.Generator().manual_seed(0), sigma=sigma)
    assert model.weight.std().item() == pytest.approx(sigma, rel=0.05)
    assert model.bias.count_nonzero() == 0
    assert [p.requires_grad and p.is_leaf for p in model.parameters()] == [True, True]


def test_repr_names_the_sizes():
    assert repr(SoftmaxRegression(6, 4)) == "SoftmaxRegression(num_inputs=6, num_outputs=4)"


@pytest.mark.parametrize("device", ["cuda:99", "nowhere"])
def test_a_device_that_is_not_there_is_named(device):
    with pytest.raises(ValueError, match=rf"device must be .*\(cpu.*\), got '{device}'"):
        SoftmaxRegression(device=device)
