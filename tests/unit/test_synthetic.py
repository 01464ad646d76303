"""The stand-in: seeded, the right sizes, and hard and easy where the real data is."""

import numpy as np
import pytest
import torch

from course_utils.data import CLASSES, load_fashion_mnist
from course_utils.fashion_mnist.synthetic import draw, make_arrays, stand_in_notice


@pytest.fixture(scope="module")
def data():
    return load_fashion_mnist(source="synthetic")


@pytest.fixture(scope="module")
def recall(data):
    """Share found of each class with lr 0.1 and batches of 256, from zeros: mean of epochs 3 to 6.

    Single epochs swing by a few hundredths, as they do on the real data. The gradient is written
    out, so that the test depends on the images alone.
    """
    generator = torch.Generator().manual_seed(0)
    X, y = data.train.images.flatten(1), data.train.labels  # (60000, 784), (60000,)
    test_X, test_y = data.test.images.flatten(1), data.test.labels
    weight, bias, ones = torch.zeros(784, 10), torch.zeros(10), torch.eye(10)
    shares = torch.zeros(10)
    for epoch in range(1, 7):
        for index in torch.randperm(len(y), generator=generator).split(256):
            batch = X.index_select(0, index)
            error = (batch @ weight + bias).softmax(1) - ones[y[index]]  # (256, 10)
            weight -= 0.1 / len(index) * (batch.T @ error)
            bias -= 0.1 * error.mean(0)
        if epoch >= 3:
            right = (test_X @ weight + bias).argmax(1) == test_y
            shares += test_y[right].bincount(minlength=10) / 1_000 / 4
    return dict(zip(CLASSES, shares.tolist(), strict=True))


def test_sizes_are_the_real_ones(data):
    assert data.source == "synthetic"
    assert data.train.images.shape == (60_000, 28, 28)
    assert data.test.images.shape == (10_000, 28, 28)
    assert data.train.labels.bincount().tolist() == [6_000] * 10
    assert data.test.labels.bincount().tolist() == [1_000] * 10
    assert data.train.images.min() >= 0
    assert 0.99 < data.train.images.max() <= 1


def test_brightness_is_about_the_real_one(data):
    assert data.train.images.mean().item() == pytest.approx(0.286, abs=0.02)
    assert data.train.images.std().item() == pytest.approx(0.353, abs=0.02)


def test_softmax_regression_lands_where_the_lessons_need_it(recall):
    assert 0.79 < np.mean(list(recall.values())) < 0.88


def test_shirts_are_hardest_and_trousers_easy(recall):
    ranked = sorted(recall, key=recall.get)
    assert ranked[0] == "shirt"
    assert recall["shirt"] < 0.6
    assert "trouser" in ranked[-3:]
    assert recall["trouser"] > 0.93


def test_same_seed_same_images():
    one, two, other = make_arrays(30, 20), make_arrays(30, 20), make_arrays(30, 20, seed=1)
    assert list(one) == ["train_images", "train_labels", "test_images", "test_labels"]
    for key, array in one.items():
        assert array.dtype == np.uint8
        np.testing.assert_array_equal(array, two[key])
    assert (one["train_images"] != other["train_images"]).any()
    assert (one["train_images"][:20] != one["test_images"]).any()


def test_no_two_images_are_the_same():
    images = make_arrays(200, 0)["train_images"].reshape(200, -1)
    assert len(np.unique(images, axis=0)) == 200


def test_every_class_covers_a_part_of_each_image():
    for label in range(10):
        images = draw(label, 40, np.random.default_rng(0))
        assert (images.shape, images.dtype) == ((40, 28, 28), np.uint8)
        inside = (images > 0).mean((1, 2))
        assert 0.05 < inside.min() <= inside.max() < 0.95


def test_small_numbers_of_images():
    arrays = make_arrays(3, 0)
    assert arrays["train_images"].shape == (3, 28, 28)
    assert arrays["test_images"].shape == (0, 28, 28)
    assert sorted(arrays["train_labels"].tolist()) == [0, 1, 2]


def test_notice_is_a_box_that_keeps_paths_whole():
    path = "/" + "long-folder-name/" * 8 + "train-images-idx3-ubyte"
    notice = stand_in_notice(f"{path} is missing\nand the network is down\n  http:/{path}: 404")
    lines = notice.splitlines()
    assert "STAND-IN DATA, NOT FASHION-MNIST" in lines[1]
    assert path in notice
    assert any("and the network is down" in line for line in lines)
    assert lines[-3].startswith(f"|   http:/{path}:"), "servers are set off from the rest"
    assert lines[-2].startswith("|     404 ")
    assert len({len(line) for line in lines}) == 1
    assert lines[0] == lines[-1] == "+" + "=" * (len(lines[0]) - 2) + "+"
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines[1:-1])
