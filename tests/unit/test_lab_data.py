"""What the training lab stores of a sweep: small JSON, and pictures of the weights."""

import base64
import io
import json

import pytest
import torch
from PIL import Image
from tiny import tiny_data

from course_utils.figures.lab_data import STEPS, pack, pictures, template_sprite, weight_columns
from course_utils.models import SoftmaxRegression
from course_utils.sweep import train_sweep
from course_utils.training import fit

LRS = (0.01, 0.1, 1.0, 1e38)  # the last one overflows


@pytest.fixture(scope="module")
def data():
    data = tiny_data()
    data.train.images.mul_(100)
    return data


@pytest.fixture(scope="module")
def recording(data):
    return train_sweep(data, lrs=LRS, num_epochs=3, batch_size=16, seeds=(5,))


def test_packed_state_is_plain_json_of_the_runs(data, recording):
    state = json.loads(json.dumps(pack(recording, data), allow_nan=False))
    assert state["lrs"] == list(LRS)
    assert (state["num_epochs"], state["batch_size"]) == (3, 16)
    run, history = state["runs"][1], recording.history(5, 0.1)
    for name in ("train_loss", "train_accuracy", "test_accuracy"):
        assert run[name] == pytest.approx(getattr(history, name), rel=1e-3)
    assert run["remark"] == history.remark
    confusion = torch.tensor(run["confusion"]).view(3, 3)  # rows: true classes
    assert confusion.sum(1).tolist() == torch.bincount(data.test.labels).tolist()
    hits = confusion.diagonal().sum() / confusion.sum()
    assert hits.item() == pytest.approx(history.test_accuracy[-1])
    assert state["runs"][3]["diverged"] is True
    assert state["runs"][3]["remark"] == "stopped: the loss is no longer a finite number"


def decoded(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_sprite_holds_the_weights_as_pictures(recording):
    weight = recording.weight[0]
    image = decoded(template_sprite(weight, (4, 4)))
    assert image.size == (3 * 4, len(LRS) * 4)
    levels = torch.tensor(list(image.get_flattened_data())).view(len(LRS), 4, 3, 4)
    run, label = 1, 2
    weights = weight[run, :, label].view(4, 4)
    top = torch.quantile(weight[run].abs().flatten(), 0.995)
    shown = (levels[run, :, label] - STEPS) / STEPS * top
    assert (shown - weights.clamp(-top, top)).abs().max() <= top / STEPS / 2 + 1e-6


def test_a_weight_against_a_class_is_red_and_one_for_it_blue():
    uri = template_sprite(torch.tensor([[[-2.0], [0.0], [2.0], [-1.0]]]), (2, 2))
    sheet = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB")
    against, none, speaks_for, half = (sheet.getpixel((k % 2, k // 2)) for k in range(4))
    assert against == (178, 24, 43)
    assert speaks_for == (33, 102, 172)
    assert max(none) - min(none) == 0
    assert half[0] > half[2] > against[2]  # a paler red


def test_sprite_survives_weights_that_are_not_finite():
    weights = torch.full((1, 16, 3), torch.nan)
    assert decoded(template_sprite(weights, (4, 4))).size == (12, 4)


def test_live_models_of_both_layouts_give_the_same_pictures(data):
    model = SoftmaxRegression(16, 3)
    fit(model, data, lr=0.1, num_epochs=1)
    linear = torch.nn.Linear(16, 3)
    with torch.no_grad():
        linear.weight.copy_(model.weight.T)
        linear.bias.copy_(model.bias)
    concise = torch.nn.Sequential(torch.nn.Flatten(), linear)
    assert pictures(model, data.test, 3) == pictures(concise, data.test, 3)
    assert weight_columns(concise, 16, 3).shape == (16, 3)


def test_a_deeper_model_has_no_templates(data):
    deep = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 8), torch.nn.Linear(8, 3))
    assert pictures(deep, data.test, 3)["templates"] == ""
