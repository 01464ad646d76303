"""Relatives of cross-entropy: the two-class loss, and the loss with its gradient by hand."""

from typing import Any

from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import logsigmoid, one_hot

from course_utils.softmax import cross_entropy, reduce_losses, rounded_once, softmax, widened
from course_utils.validation import require_binary_targets, require_labels, require_targets


@rounded_once
def binary_cross_entropy_with_logits(
    logits: Tensor, targets: Tensor, reduction: str = "mean"
) -> Tensor:
    """Cross-entropy of yes-or-no targets under a sigmoid of each logit, in nats.

    Both terms are non-negative, so nothing cancels: a loss of 1e-13 comes out as 1e-13.
    (torch subtracts two large numbers there and returns 0 for a logit of -30, target 0.)
    A format narrower than float32 is computed in float32, and the result is rounded to it once.

    Parameters
    ----------
    logits : Tensor of any shape, floating point: one score a question
    targets : floating-point Tensor of the same shape, each in 0..1
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Scalar Tensor, or one loss a logit for "none". An infinitely wrong logit costs inf; NaN where a
    logit is nan, or infinite on the side of a target of exactly 0 or 1 (0 times infinity).

    Raises
    ------
    TypeError : logits or targets not floating point.
    ValueError : shapes that differ, targets outside 0..1, an unknown reduction.
    """
    require_binary_targets(logits, targets)
    losses = -(targets * logsigmoid(logits) + (1 - targets) * logsigmoid(-logits))
    return reduce_losses(losses, reduction)


class SoftmaxCrossEntropy(Function):
    """Mean cross-entropy of softmax with the gradient written by hand: (probs - one_hot) / n.

    ``SoftmaxCrossEntropy.apply(logits, labels)`` takes logits (n, k) and integer labels (n,).
    What is not finite comes out as from `cross_entropy`. In a narrow format the gradient is
    computed in float32 and rounded once, after it was multiplied by what comes from behind: a loss
    that was scaled keeps gradients that are too small for float16.

    Raises
    ------
    TypeError : logits not floating point, or labels not integers.
    ValueError : shapes other than (n, k) and (n,), labels out of range.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss; keep the inputs, from which backward recomputes softmax."""
        require_targets(logits, labels)
        require_labels(labels, *logits.shape)
        ctx.save_for_backward(logits, labels)
        return cross_entropy(logits, labels)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        """Return the derivative with respect to the logits; labels are integers and have none."""
        logits, labels = ctx.saved_tensors
        hits = one_hot(labels.long(), logits.shape[1])
        # Widened, so that small gradients of a scaled loss are not rounded to 0 first.
        errors = softmax(widened(logits)) - hits
        return grad_output * errors / len(labels), None
