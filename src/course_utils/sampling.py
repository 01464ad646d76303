"""Losses that look at a few sampled classes instead of all of them.

Classes are numbered by falling frequency: class 0 is the most frequent one.
"""

import math

import torch
from torch import Tensor

from course_utils.softmax import cross_entropy
from course_utils.validation import require_count, require_float_tensor


def log_uniform_probs(num_classes: int) -> Tensor:
    """Probabilities of the log-uniform proposal: log((k + 2) / (k + 1)) / log(K + 1).

    Close to Zipf's law: the probability of class k is about proportional to 1 / (k + 1.5).

    Parameters
    ----------
    num_classes : int, K

    Returns
    -------
    Tensor of shape (K,), float64, falling, sums to one
    """
    require_count("num_classes", num_classes)
    ranks = torch.arange(1, num_classes + 1, dtype=torch.float64)
    return torch.log1p(1 / ranks) / math.log(num_classes + 1)


def draw_log_uniform(
    num_classes: int, shape: tuple[int, ...], *, generator: torch.Generator
) -> Tensor:
    """Draw classes from the log-uniform proposal, with replacement.

    Parameters
    ----------
    num_classes : int, K
    shape : shape of the result
    generator : source of the random numbers

    Returns
    -------
    int64 Tensor of shape ``shape`` on the generator's device, each in 0..K-1. The work does not
    depend on K.
    """
    require_count("num_classes", num_classes)
    u = torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)
    classes = torch.exp(u * math.log(num_classes + 1)).long() - 1
    return classes.clamp(0, num_classes - 1)  # rounding could reach K


def require_sampled(true_scores: Tensor, sampled_scores: Tensor, hits: Tensor) -> None:
    """Raise unless the scores are (n,) and (n, s) floats and ``hits`` fits the sampled ones."""
    require_float_tensor("true_scores", true_scores)
    require_float_tensor("sampled_scores", sampled_scores)
    if true_scores.ndim != 1 or sampled_scores.shape[:-1] != true_scores.shape:
        raise ValueError(
            "true_scores must have shape (n,) and sampled_scores (n, s), got "
            f"{tuple(true_scores.shape)} and {tuple(sampled_scores.shape)}"
        )
    if hits.dtype != torch.bool or hits.shape != sampled_scores.shape:
        raise ValueError(
            f"hits must be a bool tensor of shape {tuple(sampled_scores.shape)}, got {hits.dtype} "
            f"of shape {tuple(hits.shape)}; make it: samples == labels[:, None]"
        )


def sampled_softmax_loss(
    true_scores: Tensor, sampled_scores: Tensor, hits: Tensor, log_counts: Tensor | float = 0.0
) -> Tensor:
    """Cross-entropy of the label among itself and sampled classes.

    With ``log_counts`` for the samples only, and hits left out, this estimates the denominator: on
    average right, its logarithm biased, less so with more samples. With log(s q) of the label taken
    from ``true_scores`` too, and no hits left out (all False), it is the choice of the label among
    candidates, whose minimum is at the true probabilities for any number of samples.

    Parameters
    ----------
    true_scores : Tensor of shape (n,): score of the true class of each example
    sampled_scores : Tensor of shape (n, s): scores of the s sampled classes
    hits : bool Tensor of shape (n, s): where a sampled class is the true one; left out
    log_counts : Tensor that broadcasts to (n, s): log(s q) for proposal probabilities q, how often
        each sampled class is expected among the samples. The default, 0, leaves the correction out.

    Returns
    -------
    Scalar Tensor, the mean loss in nats. A true score of -inf costs inf; nan or +inf anywhere but
    at a hit make it NaN.
    """
    require_sampled(true_scores, sampled_scores, hits)
    corrected = (sampled_scores - log_counts).masked_fill(hits, -math.inf)
    logits = torch.cat([true_scores[:, None], corrected], dim=1)  # (n, 1 + s)
    return cross_entropy(logits, hits.new_zeros(len(hits), dtype=torch.int64))


def negative_sampling_loss(true_scores: Tensor, sampled_scores: Tensor, hits: Tensor) -> Tensor:
    """Binary loss that tells the true class from each sampled one.

    Not an estimate of the softmax loss: its best score for class j is log(p_j / (s q_j)).
    With log(s q) taken from all scores it is noise-contrastive estimation; the best is log p_j.

    Parameters
    ----------
    true_scores : Tensor of shape (n,): score of the true class of each example
    sampled_scores : Tensor of shape (n, s): scores of the s sampled classes
    hits : bool Tensor of shape (n, s): sampled classes to leave out; all False keeps them

    Returns
    -------
    Scalar Tensor, the mean over the examples in nats. A true score of -inf costs inf, and so does a
    sampled one of +inf; nan anywhere but at a hit makes it NaN.
    """
    require_sampled(true_scores, sampled_scores, hits)
    log_sigmoid = torch.nn.functional.logsigmoid
    negatives = log_sigmoid(-sampled_scores).masked_fill(hits, 0)  # (n, s)
    return -(log_sigmoid(true_scores) + negatives.sum(1)).mean()
