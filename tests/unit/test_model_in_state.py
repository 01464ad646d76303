"""The Python side of what the model sees: the model as small data, and what is refused."""

import base64

import pytest
import torch
from figure_samples import what_the_model_sees

from course_utils.data import CLASSES
from course_utils.figures.what_the_model_sees import WhatTheModelSees
from course_utils.models import SoftmaxRegression


@pytest.mark.parametrize("linear", [False, True])
def test_the_scores_are_those_of_the_model(linear):
    model = SoftmaxRegression(sigma=0.2, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        model.bias += torch.arange(10)
    shown = model
    if linear:
        shown = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
        with torch.no_grad():
            shown[1].weight.copy_(model.weight.T)
            shown[1].bias.copy_(model.bias)
    figure = WhatTheModelSees.of(shown, CLASSES, silhouette=4, label=9)
    drawn = torch.frombuffer(bytearray(base64.b64decode(figure.silhouettes)), dtype=torch.uint8)
    image = drawn.reshape(10, 28, 28)[4].float()[None] / 255
    expected = model(image)[0].detach()
    error = torch.from_numpy(figure.scores()).float() - expected
    assert error.abs().max() < 5 * image.norm() * figure.model["scale"] / 12**0.5  # of rounding
    assert CLASSES[int(expected.argmax())] in figure.describe()
    assert f"{figure.scores()[9]:.2f} for {CLASSES[9]}" in figure.describe()
    assert len(figure.static_html()) < 25_000


def test_other_models_and_names_are_refused():
    with pytest.raises(ValueError, match=r"model must have one layer of weights \(784, 10\)"):
        WhatTheModelSees.of(SoftmaxRegression(16, 10), CLASSES)
    with pytest.raises(ValueError, match="classes must hold 10 names"):
        WhatTheModelSees.of(SoftmaxRegression(), CLASSES[:3])


def test_a_model_of_zeros_is_shown():
    model = SoftmaxRegression(sigma=0.0)
    assert set(WhatTheModelSees.of(model, CLASSES).scores()) == {0.0}
    assert what_the_model_sees().model["classes"] == list(CLASSES)
