"""Softmax regression with its parameters in plain sight."""

import torch
from torch import Tensor

from course_utils.validation import require_device


class SoftmaxRegression:
    """One fully connected layer from flattened images to class scores.

    The model returns scores (logits), not probabilities: the loss takes the softmax itself.

    Parameters
    ----------
    num_inputs : int
        Pixels of an image, d.
    num_outputs : int
        Number of classes, K.
    generator : torch.Generator, optional
        Source of the random initial weights; torch's default generator without one.
    sigma : float
        Standard deviation of the initial weights.
    device : optional
        Where the parameters live. The weights are drawn on the CPU: a seed gives the same start
        on every device.

    Attributes
    ----------
    weight : Tensor of shape (d, K)
        Drawn from a normal distribution with standard deviation ``sigma``.
    bias : Tensor of shape (K,)
        Zero at the start.

    Raises
    ------
    ValueError
        This machine doesn't have the device.
    """

    def __init__(
        self,
        num_inputs: int = 784,
        num_outputs: int = 10,
        *,
        generator: torch.Generator | None = None,
        sigma: float = 0.01,
        device: str | torch.device | None = None,
    ) -> None:
        require_device("cpu" if device is None else device)
        # Drawn class by class, as nn.Linear keeps them: products with a batch are faster so.
        weight = torch.normal(0.0, sigma, (num_outputs, num_inputs), generator=generator).T
        self.weight = weight.to(device)
        self.bias = torch.zeros(num_outputs, device=device)
        for param in self.parameters():
            param.requires_grad_()

    def parameters(self) -> list[Tensor]:
        """Return the tensors that training changes."""
        return [self.weight, self.bias]

    def __call__(self, X: Tensor) -> Tensor:
        """Return the logits (n, K) of images (n, h, w) or rows (n, d)."""
        return X.flatten(1) @ self.weight + self.bias  # (n, d) @ (d, K) + (K,) -> (n, K)

    def __repr__(self) -> str:
        d, k = self.weight.shape
        return f"SoftmaxRegression(num_inputs={d}, num_outputs={k})"
