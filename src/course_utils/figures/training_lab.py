"""The training lab: live training with a kernel, recorded runs without one."""

import math
import time
import weakref
from collections.abc import Callable
from typing import Any

import traitlets as t

from course_utils.data import FashionMNIST, require_fashion_mnist
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.lab_data import RATES, curves, pack, pictures
from course_utils.figures.traits import Integer, Number, Numbers
from course_utils.history import History
from course_utils.sweep import Sweep, train_sweep
from course_utils.threads import BackgroundRun, one_thread
from course_utils.training import fit

EPOCHS = 20  # of the recorded runs
KEPT_RUNS = 4  # live runs overlaid at most
BEAT = 0.3  # seconds between two signs of life during an epoch


class TrainingLab(InteractiveFigure):
    """Learning rate, epochs and batch size of softmax regression on Fashion-MNIST.

    With a kernel and a ``make_model``, Train trains a new model on the real data while one
    watches. In the book it trains in the page, on as many images as the reader asks for, where
    the build has packed them; there the seed, momentum and weight decay can be set, too.
    Everywhere, the learning rates that were recorded can be compared.

    A run ends with the lab's ``close`` and where a cell makes a lab anew: nobody could stop the
    one before.

    Parameters
    ----------
    make_model : callable, optional
        Called without arguments before each run; returns a new, untrained model.
        Without it the figure only explores the recording.
    data : FashionMNIST
        What to train and test on.
    recording : Sweep, optional
        From ``train_sweep``; its first seed is shown. Made here, with seven rates and
        20 epochs, if absent.
    lr, epochs, batch_size, images, seed, momentum, weight_decay : number
        First settings of the controls; those after ``batch_size`` are for training in the page.
    at_epoch : int
        Epoch whose weights and confusion matrix are shown there, at most the last.
    question : "rates", "regimes" or "batch sizes"
        What the lab asks there before its controls open; "regimes" has runs to try of its own.

    Attributes
    ----------
    runs : list of dict
        The finished live runs, newest last: settings, curves, confusion counts, templates.
    histories : list of History
        What ``fit`` returned for them.
    """

    _name = "training_lab"
    _title = "Training lab"

    lr = Number(0.1, 0.001, 10).tag(run=True)
    epochs = Integer(10, 1, 50).tag(run=True)
    batch_size = Integer(256, 1, 65_536).tag(run=True)
    images = Integer(10_000, 2_500, 60_000)
    seed = Integer(0, 0, 99)
    momentum = Number(0, 0, 0.99)
    weight_decay = Number(0, 0, 1)
    at_epoch = Integer(50, 1, 50)
    question = t.Enum(["rates", "regimes", "batch sizes"], "rates").tag(sync=True)
    kept = Numbers([0.01, 1.0], 0.001, 10, least=0, most=4)
    recording = t.Dict().tag(sync=True)
    live = t.Bool(False).tag(sync=True, static=False)
    status = t.Dict().tag(sync=True, static=False)
    runs = t.List(t.Dict()).tag(sync=True, static=False)

    background: BackgroundRun | None = None

    def __init__(
        self,
        make_model: Callable[[], Any] | None = None,
        data: FashionMNIST | None = None,
        recording: Sweep | None = None,
        **settings: Any,
    ) -> None:
        data = require_fashion_mnist(data)
        is_model = hasattr(make_model, "parameters") and not isinstance(make_model, type)
        if make_model is not None and (is_model or not callable(make_model)):
            raise TypeError(
                f"make_model must be a function that returns a new model, got {make_model!r}; "
                "wrap the model: lambda: SoftmaxRegression()"
            )
        self._make_model, self._data = make_model, data
        self.histories: list[History] = []
        packed = pack(recording or train_sweep(data, lrs=RATES, num_epochs=EPOCHS), data)
        super().__init__(recording=packed, live=make_model is not None, **settings)
        self.on_msg(self._receive)
        for earlier in _labs:
            earlier.stop()
        _labs.add(self)

    def describe(self) -> str:
        """Return the run the controls point at, in words."""
        shown = self.recording
        nearest = min(shown["lrs"], key=lambda lr: abs(math.log(lr / self.lr)))
        run = shown["runs"][shown["lrs"].index(nearest)]
        epoch = min(self.epochs, len(run["test_accuracy"]))
        found = (
            f"the test accuracy after epoch {epoch} is {run['test_accuracy'][epoch - 1]:.3f}"
            if epoch
            else f"no epoch was finished: {run['remark']}"
        )
        return (
            f"Recorded runs of {len(shown['lrs'])} learning rates, {shown['num_epochs']} epochs "
            f"each. With learning rate {nearest:g} {found}."
        )

    def _receive(self, _widget: Any, message: Any, _buffers: Any = None) -> None:
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "train":
            self.train(**message.get("settings", {}))
        elif kind == "stop":
            self.stop()

    def train(self, **settings: float) -> None:
        """Start a run, unless one is under way.

        ``lr``, ``epochs`` and ``batch_size`` are those of the controls where they aren't given.
        The front end gives them: what its sliders tell a busy kernel can arrive after the order.
        """
        make_model, under_way = self._make_model, self.background and self.background.running
        # A run that has said its end is over, though its thread may not have ended yet.
        if make_model is None or (under_way and self.status["phase"] == "training"):
            return
        traits = self.traits(run=True)
        if unknown := settings.keys() - traits:
            raise TypeError(f"train takes {', '.join(traits)}, got {', '.join(unknown)}")
        settings = {
            name: trait.validate(self, settings.get(name, getattr(self, name)))
            for name, trait in traits.items()
        }
        self._say("training", settings, History(), 0.0)
        self.background = BackgroundRun(
            lambda should_stop: self._work(make_model(), settings, should_stop), self._end
        )
        self.background.start()  # it may be over, and another one begun, before this returns

    def stop(self) -> None:
        """Ask the run under way to end after its present minibatch."""
        if self.background is not None:
            self.background.stop()

    def close(self) -> None:
        """Close the figure; its run ends with it."""
        self.stop()
        super().close()

    def _say(self, phase: str, settings: dict, history: History, part: float, words="") -> None:
        """Tell the front end where the run stands; ``part`` of the present epoch is done."""
        self.status = settings | curves(history) | {
            "phase": phase, "part": part, "message": words, "beat": time.time(),
        }  # fmt: skip

    def _work(self, model: Any, settings: dict, should_stop: Callable[[], bool]) -> None:
        data, seen = self._data, History()
        steps, last = math.ceil(len(data.train) / settings["batch_size"]), time.monotonic()

        def on_batch(step: int) -> bool:
            nonlocal last
            if time.monotonic() - last > BEAT:
                last = time.monotonic()
                self._say("training", settings, seen, step / steps)
            return should_stop()

        def on_epoch(_epoch: int, history: History) -> bool:
            nonlocal seen, last
            seen, last = history, time.monotonic()
            self._say("training", settings, seen, 0.0)
            return should_stop()

        with one_thread():  # a second one waits for the core on which the browser draws
            history = fit(
                model, data, lr=settings["lr"], num_epochs=settings["epochs"],
                batch_size=settings["batch_size"], on_epoch=on_epoch, on_batch=on_batch,
            )  # fmt: skip
        self.histories = [*self.histories, history][-KEPT_RUNS:]
        finished = settings | curves(history) | pictures(model, data.test, len(data.classes))
        self.runs = [*self.runs, finished][-KEPT_RUNS:] if len(history) else self.runs
        self._say("done", settings, history, 0.0)

    def _end(self, run: BackgroundRun) -> None:
        if run.error is not None:
            words = f"{type(run.error).__name__}: {run.error}"
            self._say("failed", {}, History(), 0.0, words)


_labs: weakref.WeakSet[TrainingLab] = weakref.WeakSet()
