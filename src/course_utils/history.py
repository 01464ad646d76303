"""The record of a training run."""

import math
from dataclasses import dataclass, field

FAR = 2  # times the loss of guessing


@dataclass
class History:
    """What ``fit`` saw: lists with one entry per epoch, and how the run ended.

    Attributes
    ----------
    train_loss, train_accuracy : list of float
        Running averages over an epoch, measured while the parameters change.
    valid_loss, valid_accuracy : list of float
        On the validation split after each epoch; empty where the data have none.
    test_loss, test_accuracy : list of float
        On the test split after each epoch.
    diverged : bool
        True if a loss stopped being finite, which ends the run. That epoch is not recorded, so
        every entry can be plotted.
    stopped : bool
        True if a callback ended the run early.
    guessing_loss : float
        Loss of equal scores for all classes: ln K for cross-entropy.

    Losses are in nats if the loss is the cross-entropy, accuracies are fractions.
    """

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    valid_accuracy: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    diverged: bool = False
    stopped: bool = False
    guessing_loss: float = math.inf

    def record(
        self,
        *,
        train: tuple[float, float],
        valid: tuple[float, float] | None = None,
        test: tuple[float, float] | None = None,
    ) -> None:
        """Append an epoch, (loss, accuracy) for each split, unless a loss isn't finite."""
        measured = {"train": train, "valid": valid, "test": test}
        pairs = {name: pair for name, pair in measured.items() if pair is not None}
        if not all(math.isfinite(loss) for loss, _ in pairs.values()):
            self.diverged = True
            return
        for name, (loss, accuracy) in pairs.items():
            getattr(self, f"{name}_loss").append(loss)
            getattr(self, f"{name}_accuracy").append(accuracy)

    @property
    def far_above_guessing(self) -> bool:
        """Whether the last running loss is more than twice that of guessing."""
        return bool(self.train_loss) and self.train_loss[-1] > FAR * self.guessing_loss

    @property
    def remark(self) -> str:
        """What is to be said about the run, in words; empty if nothing is."""
        if self.diverged:
            return "stopped: the loss is no longer a finite number"
        said = ["stopped early"] if self.stopped else []
        said += ["the loss is far above that of guessing"] if self.far_above_guessing else []
        return ", ".join(said)

    def __len__(self) -> int:
        """Return the number of recorded epochs."""
        return len(self.train_loss)
