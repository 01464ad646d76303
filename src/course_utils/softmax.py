"""Softmax, its derivative and its loss: pure functions on tensors.

Last axis unless ``dim`` is given, any leading shape, any floating-point dtype.
"""

import torch
from torch import Tensor

from course_utils.checks import require_float_tensor, require_labels


def softmax_naive(logits: Tensor, dim: int = -1) -> Tensor:
    """Softmax exactly as the formula reads; overflows for large logits.

    Introduced in chapter 01.
    """
    require_float_tensor("logits", logits)
    exps = torch.exp(logits)
    return exps / exps.sum(dim, keepdim=True)


def log_softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """Logarithm of softmax without forming a probability.

    Introduced in chapter 04.
    """
    require_float_tensor("logits", logits)
    shifted = logits - logits.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


def cross_entropy(logits: Tensor, labels: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy of integer labels under softmax of the logits.

    Introduced in chapter 03.
    """
    require_float_tensor("logits", logits)
    require_labels(labels, *logits.shape)
    losses = -log_softmax(logits).gather(1, labels[:, None]).squeeze(1)  # (n,)
    return losses.mean() if reduction == "mean" else losses
