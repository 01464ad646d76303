"""A softmax layer whose classes are spread over several processes."""

import torch
import torch.distributed as dist
from torch import Tensor

from course_utils.online import Pair, finite_or_zero, pair_logsumexp, pair_of
from course_utils.parallel.distributed import share


def class_share(num_classes: int, rank: int, world_size: int) -> slice:
    """Classes that belong to a process; each must get at least one.

    Raises
    ------
    ValueError : there are fewer classes than processes.
    """
    if num_classes < world_size:
        raise ValueError(
            f"num_classes must be at least the number of processes, {world_size}, "
            f"got {num_classes}; start {num_classes} processes or fewer"
        )
    return share(num_classes, rank, world_size)


def class_parallel_pair(scores: Tensor) -> Pair:
    """(maximum, sum) over the classes of all processes: two exchanges of a number per row.

    Parameters
    ----------
    scores : Tensor of shape (n, k), scores of the k classes of this process

    Returns
    -------
    (maximum, total) : Tensors of shape (n,), the same on every process; at least float32
    """
    maximum, total = pair_of(scores)
    top = maximum.clone()
    dist.all_reduce(top, dist.ReduceOp.MAX)
    total = total * (maximum - finite_or_zero(top)).exp()
    dist.all_reduce(total)
    return top, total


def class_parallel_loss(scores: Tensor, labels: Tensor, first: int) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy over all classes, and its gradient with respect to this process's scores.

    Parameters
    ----------
    scores : Tensor of shape (n, k), scores of classes first .. first + k - 1
    labels : int64 Tensor of shape (n,), counted over all classes, the same on every process
    first : number of this process's first class

    Returns
    -------
    loss, a scalar Tensor, the same on every process; gradient of shape (n, k)

    A label that no process has makes the loss infinite.
    """
    top, total = class_parallel_pair(scores)
    rows = ((labels >= first) & (labels < first + scores.shape[1])).nonzero().squeeze(1)
    columns = labels[rows] - first
    true_scores = torch.full_like(top, -torch.inf)
    true_scores[rows] = scores[rows, columns].to(top.dtype)  # each label lives on one process
    dist.all_reduce(true_scores, dist.ReduceOp.MAX)
    gradient = torch.exp(scores - top[:, None]) / total[:, None]
    gradient[rows, columns] -= 1
    loss = (pair_logsumexp((top, total)) - true_scores).mean()
    return loss, (gradient / len(labels)).to(scores.dtype)


def class_parallel_backward(
    gradient: Tensor, features: Tensor, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients with respect to this process's weights, and to the features that all share.

    Every class pulls at the features, so their gradient is a sum over the classes of all
    processes: an exchange of n x d numbers.

    Parameters
    ----------
    gradient : Tensor of shape (n, k), with respect to the scores, as `class_parallel_loss` gives
    features : Tensor of shape (n, d), the same on every process
    weight : Tensor of shape (d, k), one column for each class of this process

    Returns
    -------
    weight_gradient : Tensor of shape (d, k); features_gradient : Tensor of shape (n, d), the same
    on every process
    """
    features_gradient = gradient @ weight.T  # (n, k) @ (k, d) -> (n, d)
    dist.all_reduce(features_gradient)
    return features.T @ gradient, features_gradient
