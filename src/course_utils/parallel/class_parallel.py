"""Softmax over classes that are spread over several processes: two exchanges of a number a row."""

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
    """(maximum, sum) over the classes of all processes.

    Parameters
    ----------
    scores : Tensor of shape (b, k): scores of the k classes of this process

    Returns
    -------
    (maximum, total) : Tensors of shape (b,), the same on every process
    """
    maximum, total = pair_of(scores)
    top = maximum.clone()
    dist.all_reduce(top, dist.ReduceOp.MAX)
    total = total * (maximum - finite_or_zero(top)).exp()
    dist.all_reduce(total)
    return top, total


def class_parallel_loss(scores: Tensor, labels: Tensor, first: int) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy over all classes, and its gradient by the scores of this process.

    Parameters
    ----------
    scores : Tensor of shape (b, k): scores of classes first .. first + k - 1
    labels : int64 Tensor of shape (b,), counted over all classes
    first : number of this process's first class

    Returns
    -------
    loss, a scalar Tensor, the same on every process; gradient of shape (b, k)
    """
    top, total = class_parallel_pair(scores)
    rows = ((labels >= first) & (labels < first + scores.shape[1])).nonzero().squeeze(1)
    columns = labels[rows] - first
    true_scores = scores.new_zeros(len(labels))
    true_scores[rows] = scores[rows, columns]  # each label lives on one process
    dist.all_reduce(true_scores)
    gradient = torch.exp(scores - top[:, None]) / total[:, None]
    gradient[rows, columns] -= 1
    loss = (pair_logsumexp((top, total)) - true_scores).mean()
    return loss, (gradient / len(labels)).to(scores.dtype)
