"""Cross-entropy of a linear layer over blocks of classes: the n x K scores never exist together."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from course_utils.online import merge, pair_of
from course_utils.softmax import reduce_losses
from course_utils.validation import require_count, require_float_tensor, require_labels


def label_places(labels: Tensor, block: slice) -> tuple[Tensor, Tensor]:
    """Rows whose label lies in a block of classes, and the column of the label within it.

    Parameters
    ----------
    labels : int64 Tensor of shape (n,)
    block : slice of the classes, with start and stop

    Returns
    -------
    rows, columns : int64 Tensors of the same length, to index scores of shape (n, block)
    """
    inside = (labels >= block.start) & (labels < block.stop)
    rows = inside.nonzero().squeeze(1)
    return rows, labels[rows] - block.start


class BlockwiseCrossEntropy(Function):
    """Cross-entropy of each row with the gradient by hand; both go through the classes in blocks.

    ``apply(features, weight, bias, labels, blocks)`` takes what `blockwise_cross_entropy` takes,
    the labels as int64 and the blocks as slices. ``create_graph=True`` raises RuntimeError.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, blocks: list
    ) -> Tensor:
        """Return the losses (n,); keep a (maximum, sum) pair for each row, and no scores."""
        scores = torch.full_like(labels, -torch.inf, dtype=features.dtype)  # of the labels, (n,)
        pair = pair_of(scores[:, None])
        for block in blocks:
            z = features @ weight[:, block] + bias[block]  # (n, block)
            pair = merge(pair, pair_of(z))
            rows, columns = label_places(labels, block)
            scores[rows] = z[rows, columns]
        ctx.blocks = blocks
        ctx.save_for_backward(features, weight, bias, labels, *pair)
        maximum, total = pair
        return total.log() + (maximum - scores)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the scores of each block anew, and from them P - Y and its products."""
        refuse_second_derivative()
        features, weight, bias, labels, maximum, total = ctx.saved_tensors
        by_features = torch.zeros_like(features, dtype=total.dtype)
        by_weight, by_bias = torch.empty_like(weight), torch.empty_like(bias)
        for block in ctx.blocks:
            z = features @ weight[:, block] + bias[block]  # (n, block)
            by_z = torch.exp(z - maximum[:, None])
            by_z = by_z * (grad_output / total)[:, None]
            rows, columns = label_places(labels, block)
            by_z[rows, columns] -= grad_output[rows]
            by_bias[block] = by_z.sum(0)
            by_z = by_z.to(weight.dtype)
            by_weight[:, block] = features.T @ by_z  # (d, n) @ (n, block)
            by_features += by_z @ weight[:, block].T  # (n, block) @ (block, d)
        return by_features.to(features.dtype), by_weight, by_bias, None, None


def refuse_second_derivative() -> None:
    """Raise where backward is asked for a graph of its own: the kept pair is a constant there."""
    if torch.is_grad_enabled():
        raise RuntimeError(
            "blockwise_cross_entropy has no second derivative, and create_graph=True asks for it; "
            "use cross_entropy(features @ weight + bias, labels)"
        )


def require_layer(features: Tensor, weight: Tensor, bias: Tensor) -> None:
    """Raise unless features (n, d), weight (d, K) and bias (K,) fit together."""
    for name, tensor in (("features", features), ("weight", weight), ("bias", bias)):
        require_float_tensor(name, tensor)
    if features.ndim != 2 or weight.ndim != 2 or features.shape[1] != weight.shape[0]:
        raise ValueError(
            "features must have shape (n, d) and weight (d, K), got "
            f"{tuple(features.shape)} and {tuple(weight.shape)}; the weight of an nn.Linear is "
            "stored as (K, d): pass layer.weight.T"
        )
    if bias.shape != weight.shape[1:]:
        raise ValueError(
            f"bias must have shape ({weight.shape[1]},), one number for each column of weight, "
            f"got {tuple(bias.shape)}"
        )
    if not features.dtype == weight.dtype == bias.dtype:
        raise TypeError(
            "features, weight and bias must have the same format, got "
            f"{features.dtype}, {weight.dtype} and {bias.dtype}; convert with .to(dtype)"
        )


def blockwise_cross_entropy(
    features: Tensor,
    weight: Tensor,
    bias: Tensor,
    labels: Tensor,
    *,
    block_size: int = 1024,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy of the scores ``features @ weight + bias``, never holding all of them.

    Loss and gradients are those of `cross_entropy` to rounding. Beyond its inputs and their
    gradients it holds a few Tensors of shape (n, block_size) at a time instead of (n, K); the
    price is that backward computes the scores a second time. The forward pass is the online
    softmax of Milakov and Gimelshein (2018); for attention, Dao et al. (2022) recompute likewise.

    Parameters
    ----------
    features : Tensor of shape (n, d), floating point
    weight : Tensor of shape (d, K); of an ``nn.Linear`` pass ``layer.weight.T``
    bias : Tensor of shape (K,)
    labels : integer Tensor of shape (n,), each in 0..K-1
    block_size : classes whose scores are held at the same time
    reduction : "mean" (over examples), "sum" or "none"

    Returns
    -------
    Scalar Tensor, or shape (n,) for "none"; float32 where the inputs are narrower. Gradients flow
    to features, weight and bias, with ``create_graph=True`` they raise RuntimeError: there is no
    second derivative. The mean over no examples is NaN. Scores of nan make the loss NaN, scores of
    +inf make it inf or NaN.

    Raises
    ------
    TypeError : features, weight or bias not floating point or of different formats, labels not
        integers, ``block_size`` no integer.
    ValueError : shapes that do not match, labels out of range, ``block_size`` below 1, an unknown
        reduction.
    """
    require_layer(features, weight, bias)
    require_labels(labels, len(features), weight.shape[1])
    require_count("block_size", block_size)
    starts = range(0, weight.shape[1], block_size)
    blocks = [slice(start, start + block_size) for start in starts]
    losses = BlockwiseCrossEntropy.apply(features, weight, bias, labels.long(), blocks)
    return reduce_losses(losses, reduction)
