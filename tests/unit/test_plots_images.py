"""The pictures of the data set: what lies on the axes is what was asked for."""

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from course_utils.plots.dataset import plot_grey_values, plot_optimism, plot_reading_times
from course_utils.plots.images import class_means, image_grid, mosaic, weight_templates
from course_utils.plots.style import DIVERGING


@pytest.fixture
def ax():
    return Figure().add_subplot()


def numbered(n, h=4, w=5):
    """Pictures that tell themselves apart: picture i is filled with i / n."""
    return (torch.arange(n) / n)[:, None, None].expand(n, h, w)


def test_mosaic_puts_every_picture_in_its_place():
    canvas = mosaic(numbered(5), columns=3, gap=1, title_rows=2)
    assert canvas.shape == (2 * (4 + 1 + 2), 3 * (5 + 1) - 1)
    for index in range(5):
        row, column = divmod(index, 3)
        part = canvas[row * 7 + 3 : row * 7 + 7, column * 6 : column * 6 + 5]
        assert (part == index / 5).all()
    assert canvas.isnan().sum() == canvas.numel() - 5 * 20


def test_image_grid_draws_pictures_and_titles(ax):
    images = numbered(5, 28, 28)
    assert image_grid(ax, images, [f"n{i}" for i in range(5)], columns=3) is ax
    drawn = ax.images[0].get_array()
    assert sorted(set(np.ma.compressed(drawn).tolist())) == pytest.approx([i / 5 for i in range(5)])
    assert ax.images[0].get_clim() == (0, 1)
    assert not ax.axison
    assert [text.get_text() for text in ax.texts] == ["n0", "n1", "n2", "n3", "n4"]
    for index, text in enumerate(ax.texts):
        x, y = text.get_position()
        left, top = int(x - 14), int(y) + 1
        part = drawn[top : top + 28, left : left + 28]
        assert np.allclose(part, index / 5), f"title {index} is not above its picture"


def test_image_grid_without_titles_or_with_few_pictures(ax):
    image_grid(ax, numbered(2, 28, 28), columns=8)
    assert len(ax.texts) == 0
    assert ax.images[0].get_array().shape[1] == 2 * 30 - 2


def test_image_grid_wants_one_title_a_picture(ax):
    with pytest.raises(ValueError, match="titles must hold one title a picture, 3, got 2"):
        image_grid(ax, numbered(3), ["a", "b"])


def test_weight_templates_are_symmetric_about_zero(ax):
    weights = torch.stack([torch.full((6, 6), -0.25), torch.full((6, 6), 0.1)])
    weight_templates(ax, weights, ["a", "b"])
    image = ax.images[0]
    assert image.get_clim() == (-0.25, 0.25)
    assert image.cmap.name == mpl.colormaps[DIVERGING].name


def test_class_means_are_the_means():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(30, 4, 5, generator=generator)
    labels = torch.randint(0, 3, (30,), generator=generator)
    means = class_means(images, labels, 4)
    assert means.shape == (4, 4, 5)
    for k in range(3):
        torch.testing.assert_close(means[k], images[labels == k].mean(0))
    assert means[3].isnan().all()
    assert class_means(images, labels).shape == (10, 4, 5)


def test_grey_values_are_shares_that_sum_to_one(ax):
    images = torch.tensor([0.0, 0.0, 0.0, 1.0])
    plot_grey_values(ax, images, bins=4)
    assert [bar.get_height() for bar in ax.patches] == [0.75, 0, 0, 0.25]
    assert [text.get_text() for text in ax.texts] == ["mean 0.2500", "deviation 0.5000"]
    assert [bar.get_x() + bar.get_width() / 2 for bar in ax.patches] == [0.125, 0.375, 0.625, 0.875]
    assert ax.lines[0].get_xdata()[0] == 0.25
    assert list(ax.lines[1].get_xdata()) == [0.25, 0.75]


def test_reading_times_are_bars_with_ratios(ax):
    plot_reading_times(ax, {"tensors": 0.05, "loader": 5.0})
    assert [bar.get_width() for bar in ax.patches] == [0.05, 5.0]
    assert [text.get_text() for text in ax.texts] == ["0.05 s", "5 s, 100 times as long"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["tensors", "loader"]
    assert ax.get_xlim()[0] == 0
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top


def test_optimism_draws_both_accuracies(ax):
    plot_optimism(ax, [10, 100], [0.9, 0.7], [0.6, 0.65])
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.9, 0.7], [0.6, 0.65]]
    assert [list(line.get_xdata()) for line in ax.lines] == [[10, 100]] * 2
    assert len(ax.texts) == 2
