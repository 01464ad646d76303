"""The trainer in the page against the course's own ``fit``: same images, same order, same seed."""

import base64
import gzip
import json
import re

import numpy as np
import pytest
import torch
from book_ext import lab_images
from packed_images import drawn
from trainer import train_in_javascript

from course_utils.data import FashionMNIST, Split
from course_utils.fashion_mnist.idx import FILES, raw_folder
from course_utils.fashion_mnist.sources import default_root
from course_utils.figures.scripts import trainer_text
from course_utils.models import SoftmaxRegression
from course_utils.training import fit

HAS_REAL = (raw_folder(default_root()) / FILES["train_images"].name).is_file()
TRAIN, TEST = drawn(3_000, seed=1), drawn(500, seed=2)


def split(images, labels, dtype) -> Split:
    """Return the images as the page sees them: sixteen levels."""
    levels = torch.from_numpy((images.astype(int) + 8) // 17)
    return Split((levels / 15).to(dtype), torch.from_numpy(labels))


def torch_run(lr, batch_size, epochs, *, seed, momentum=0.0, weight_decay=0.0, dtype):
    """Train with ``fit``; return what train.js returns."""
    model = SoftmaxRegression(generator=torch.Generator().manual_seed(seed))
    for param in model.parameters():
        param.data = param.data.to(dtype)
    data = FashionMNIST(split(*TRAIN, dtype), split(*TEST, dtype), source="synthetic")
    plain = not (momentum or weight_decay)
    sgd = torch.optim.SGD(model.parameters(), lr, momentum=momentum, weight_decay=weight_decay)
    how = {"lr": lr} if plain else {"optimizer": sgd}
    history = fit(model, data, num_epochs=epochs, batch_size=batch_size, seed=seed, **how)
    lists = history.train_loss, history.train_accuracy, history.test_loss, history.test_accuracy
    weights = torch.cat([model.weight.detach().flatten(), model.bias.detach()])
    return np.array(lists).T, weights.double().numpy()


@pytest.mark.processes
@pytest.mark.parametrize(
    ("lr", "batch_size", "epochs", "more", "dtype"),
    [
        (0.1, 256, 10, {}, torch.float32),
        (0.01, 7, 2, {"seed": 5}, torch.float32),
        (0.05, 256, 5, {"momentum": 0.9}, torch.float32),
        (0.1, 100, 5, {"momentum": 0.5, "weight_decay": 0.01}, torch.float32),
        (0.1, 256, 5, {"weight_decay": 0.1}, torch.float32),
        # At large rates rounding grows from step to step: few steps, and in double precision.
        (10, 1_000, 5, {}, torch.float64),
        (100, 3_000, 10, {"seed": 2**32 - 1}, torch.float64),
    ],
)
def test_losses_and_weights_are_those_of_fit(lr, batch_size, epochs, more, dtype):
    options = {"seed": 0, "momentum": 0, "weight_decay": 0} | more
    settings = {
        "lr": lr, "batchSize": batch_size, "seed": options["seed"],
        "momentum": options["momentum"], "weightDecay": options["weight_decay"],
    }  # fmt: skip
    (answer,) = train_in_javascript(TRAIN, TEST, [{"settings": settings, "epochs": epochs}])
    history, weights = torch_run(lr, batch_size, epochs, **options, dtype=dtype)
    found = np.array(answer["history"])
    np.testing.assert_allclose(found[:, [0, 2]], history[:, [0, 2]], rtol=1e-4)
    np.testing.assert_allclose(found[:, [1, 3]], history[:, [1, 3]], atol=1.1e-3)  # an image or two
    np.testing.assert_allclose(answer["weights"], weights, atol=1e-3 * np.abs(weights).max())


@pytest.mark.processes
def test_a_rate_changed_in_mid_run_counts_from_there_on():
    settings = {"lr": 0.5, "batchSize": 256, "seed": 0, "momentum": 0, "weightDecay": 0}
    run = {"settings": settings, "epochs": 4}
    kept, changed = train_in_javascript(TRAIN, TEST, [run, run | {"changes": {"3": 0.01}}])
    assert kept["history"][:2] == changed["history"][:2]
    assert kept["history"][2:] != changed["history"][2:]


@pytest.mark.processes
def test_what_is_said_of_a_large_loss_is_so():
    settings = {"lr": 30, "batchSize": 256, "seed": 0, "momentum": 0, "weightDecay": 0}
    runs = [{"settings": settings | {"lr": lr}, "epochs": 2} for lr in (0.1, 30)]
    images, labels = TRAIN
    labels = np.where(np.arange(len(labels)) % 3, labels, labels[::-1])  # no model gets all right
    small, large = train_in_javascript((images, labels), TEST, runs)
    assert small["sure"] is None
    weights = torch.tensor(large["weights"], dtype=torch.float64)
    images, labels = (lambda s: (s.images.flatten(1), s.labels))(split(*TEST, torch.float64))
    logits = images @ weights[:7840].view(784, 10) + weights[7840:]
    losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    wrong = logits.argmax(1) != labels
    said = large["sure"]
    assert said["wrong"] == wrong.sum()
    assert said["share"] == pytest.approx((losses[wrong].sum() / losses.sum()).item())
    near = [said["divisor"] * factor for factor in (0.7, 1, 1.5)]
    divided = [torch.nn.functional.cross_entropy(logits / d, labels).item() for d in near]
    assert said["loss"] == pytest.approx(divided[1])
    assert min(divided) == divided[1] < losses.mean() / 2


@pytest.mark.processes
def test_what_is_said_of_long_steps_is_so():
    settings = {"lr": 1, "batchSize": 256, "seed": 3, "momentum": 0, "weightDecay": 0}
    changes = [{}, {"lr": 0.001}, {"momentum": 0.5}, {"weightDecay": 0.1}]
    runs = [{"settings": settings | change, "epochs": 2} for change in changes]
    images, labels = TRAIN
    mixed = images, np.where(np.arange(3_000) % 3, labels, labels[::-1])
    large, small, *others = (answer["long"] for answer in train_in_javascript(mixed, TEST, runs))
    data, seeded = split(*mixed, torch.float64), torch.Generator().manual_seed
    model = SoftmaxRegression(generator=seeded(3))
    for param in model.parameters():
        param.data = param.data.double()
    found = []
    for batch in torch.randperm(3_000, generator=seeded(3)).split(256):
        images, labels = data.images[batch], data.labels[batch]
        before = torch.nn.functional.cross_entropy(model(images), labels)
        grads = torch.autograd.grad(before, list(model.parameters()))
        with torch.no_grad():
            for param, grad in zip(model.parameters(), grads, strict=True):
                param -= grad
            found.append(
                (before.item(), torch.nn.functional.cross_entropy(model(images), labels).item())
            )
    assert large["steps"] == len(found) == 12
    assert large["rose"] == sum(after > before for before, after in found)
    assert 0 < large["rose"] < 12
    worst = max(found, key=lambda pair: pair[1] / pair[0])
    assert (large["from"], large["to"]) == pytest.approx(worst)
    assert worst != max(found, key=lambda pair: pair[1])
    assert (small["rose"], small["steps"]) == (0, 12)
    assert others == [None, None]  # whose steps don't follow the gradient of their images


@pytest.mark.parametrize("n", [1, 7, 1000])
def test_images_survive_packing(n):
    images, labels = drawn(n)
    data = np.frombuffer(lab_images.packed(images, labels), np.uint8)
    assert data[:n].tolist() == labels.tolist()
    pixels = np.stack([data[n:] >> 4, data[n:] & 15], axis=1).reshape(n, 28, 28)
    assert np.abs(pixels * 17 - images.astype(int)).max() <= 8  # half a level
    assert lab_images.packed(np.full((1, 28, 28), 255, np.uint8), labels[:1])[1:] == b"\xff" * 392


def test_the_scripts_hold_all_images_in_their_order(tmp_path):
    n = lab_images.PART + 300
    arrays = dict(zip(("train_images", "train_labels"), drawn(n), strict=True))
    arrays |= dict(zip(("test_images", "test_labels"), drawn(10_000, 1), strict=True))
    lab_images.write_parts(tmp_path, arrays)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["test-0.js", "train-0.js", "train-1.js", "trainer.js"]
    labels = []
    for name in names[:3]:
        text = (tmp_path / name).read_text("ascii")
        handed = re.fullmatch(r'globalThis\.courseImages\?\.\("([\w-]+)", "(.*)"\);\n', text)
        assert f"{handed[1]}.js" == name
        data = gzip.decompress(base64.b64decode(handed[2]))
        count = len(data) * 2 // (2 + 784)
        labels.append(list(data[:count]))
    assert labels[1] + labels[2] == arrays["train_labels"].tolist()
    assert labels[0] == arrays["test_labels"][::5].tolist()
    trainer = (tmp_path / "trainer.js").read_text("ascii")
    assert json.loads(trainer[trainer.index(",") + 1 : -3]) == trainer_text()
    told = lab_images.where(tmp_path, "../images/")
    said = json.loads(told[told.index("{") : -1])
    assert said == {
        "folder": "../images/", "train": 2, "partSize": lab_images.PART,
        "partBytes": (tmp_path / "train-0.js").stat().st_size,
    }  # fmt: skip


def test_without_good_files_nothing_is_packed(tmp_path, monkeypatch):
    raw = tmp_path / "data/FashionMNIST/raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte").write_bytes(b"nothing of the kind")
    monkeypatch.setenv("FASHION_MNIST_ROOT", str(tmp_path / "data"))
    assert lab_images.write(tmp_path / "out") is False
    assert not (tmp_path / "out").exists()


@pytest.mark.real_data
@pytest.mark.skipif(not HAS_REAL, reason="the data folder has no Fashion-MNIST files")
def test_the_real_images_are_packed_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(gzip, "compress", lambda data, *given, mtime: data[:9])  # a second's work
    assert lab_images.write(tmp_path)
    assert len(list(tmp_path.glob("train-*.js"))) * lab_images.PART == 60_000
