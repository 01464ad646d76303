"""Recorded runs: one pass for all learning rates must equal one ``fit`` for each of them."""

import base64
import io
import json

import pytest
import torch
from PIL import Image
from tiny import tiny_data

from course_utils.figures.lab_data import STEPS, pack, pictures, template_sprite, weight_columns
from course_utils.models import SoftmaxRegression
from course_utils.sweep import LEARNING_RATES, record_runs
from course_utils.training import fit

LRS = (0.01, 0.1, 1.0, 300.0)  # the last one diverges


@pytest.fixture(scope="module")
def data():
    return tiny_data()


@pytest.fixture(scope="module")
def recording(data):
    return record_runs(data, lrs=LRS, num_epochs=3, batch_size=16, seed=5)


def fitted(data, lr, **more):
    model = SoftmaxRegression(16, 3, generator=torch.Generator().manual_seed(5))
    return model, fit(model, data, lr=lr, seed=5, **({"num_epochs": 3, "batch_size": 16} | more))


@pytest.mark.parametrize("run", range(len(LRS)))
def test_each_run_equals_fit(data, recording, run):
    model, history = fitted(data, LRS[run])
    recorded = recording.histories[run]
    assert recorded.train_loss == pytest.approx(history.train_loss, rel=1e-5)
    assert recorded.train_accuracy == pytest.approx(history.train_accuracy, abs=1e-12)
    assert recorded.test_accuracy == pytest.approx(history.test_accuracy, abs=1e-12)
    assert recorded.loss_limit == pytest.approx(history.loss_limit)
    assert recorded.diverged == history.diverged == (LRS[run] == 300)
    torch.testing.assert_close(recording.weight[run], model.weight.detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(recording.bias[run], model.bias.detach(), rtol=1e-4, atol=1e-5)


def test_all_diverged_runs_end_the_recording(data):
    recording = record_runs(data, lrs=(300.0, 400.0), num_epochs=50, batch_size=16)
    assert [h.diverged for h in recording.histories] == [True, True]
    assert max(map(len, recording.histories)) < 50


def test_the_number_of_threads_is_given_back(data):
    before = torch.get_num_threads()
    record_runs(data, lrs=(0.1,), num_epochs=1)
    assert torch.get_num_threads() == before


def test_defaults_cover_the_regimes():
    assert len(LEARNING_RATES) >= 12
    assert {0.01, 0.1, 0.5, 1.0} <= set(LEARNING_RATES)


@pytest.mark.parametrize(
    "wrong", [{"lrs": (0.1, -1.0)}, {"lrs": ()}, {"num_epochs": 0}, {"batch_size": 0}]
)
def test_bad_settings_are_named(data, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        record_runs(data, **wrong)


def test_packed_state_is_plain_json_of_the_runs(data, recording):
    state = json.loads(json.dumps(pack(recording, data), allow_nan=False))
    assert state["lrs"] == list(LRS)
    run = state["runs"][1]
    assert run["test_accuracy"] == pytest.approx(recording.histories[1].test_accuracy, rel=1e-3)
    confusion = torch.tensor(run["confusion"]).view(3, 3)  # rows: true classes
    assert confusion.sum(1).tolist() == torch.bincount(data.test.labels).tolist()
    hits = confusion.diagonal().sum() / confusion.sum()
    assert hits.item() == pytest.approx(recording.histories[1].test_accuracy[-1])
    assert state["runs"][3]["diverged"] is True


def decoded(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_sprite_holds_the_weights_as_pictures(recording):
    image = decoded(template_sprite(recording.weight, (4, 4)))
    assert image.size == (3 * 4, len(LRS) * 4)
    levels = torch.tensor(list(image.get_flattened_data())).view(len(LRS), 4, 3, 4)
    run, label = 1, 2
    weights = recording.weight[run, :, label].view(4, 4)
    top = torch.quantile(recording.weight[run].abs().flatten(), 0.995)
    shown = (levels[run, :, label] - STEPS) / STEPS * top
    assert (shown - weights.clamp(-top, top)).abs().max() <= top / STEPS / 2 + 1e-6


def test_sprite_survives_weights_that_are_not_finite():
    weights = torch.full((1, 16, 3), torch.nan)
    assert decoded(template_sprite(weights, (4, 4))).size == (12, 4)


def test_live_models_of_both_layouts_give_the_same_pictures(data):
    model, _ = fitted(data, 0.1)
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
