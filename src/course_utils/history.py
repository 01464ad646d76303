"""The record of a training run."""

import math
from dataclasses import dataclass, field


@dataclass
class History:
    """What ``fit`` saw: lists with one entry an epoch, and how the run ended.

    Attributes
    ----------
    train_loss, train_accuracy : list of float
        Running averages over an epoch, measured while the parameters change. Loss in nats.
    test_accuracy : list of float
        Measured on the test split after each epoch.
    diverged : bool
        True if a loss became non-finite or the running loss rose above ``loss_limit``.
        An epoch with a non-finite loss is not recorded, so every entry can be plotted.
    stopped : bool
        True if a callback ended the run early.
    loss_limit : float
        Running loss (nats) above which training has made the model worse than no training.
    """

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    diverged: bool = False
    stopped: bool = False
    loss_limit: float = math.inf

    def record(
        self, train_loss: float, train_accuracy: float, test_loss: float, test_accuracy: float
    ) -> None:
        """Append one epoch, and notice divergence."""
        finite = math.isfinite(train_loss) and math.isfinite(test_loss)
        self.diverged = not finite or train_loss > self.loss_limit
        if finite:
            self.train_loss.append(train_loss)
            self.train_accuracy.append(train_accuracy)
            self.test_accuracy.append(test_accuracy)

    def __len__(self) -> int:
        """Return the number of recorded epochs."""
        return len(self.train_loss)
