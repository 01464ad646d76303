"""A training panel made of plain ipywidgets; it needs a kernel."""

import io
from collections.abc import Callable

import ipywidgets as widgets
from matplotlib.figure import Figure

from course_utils.data import FashionMNIST
from course_utils.history import History
from course_utils.plots.training import plot_runs
from course_utils.threads import BackgroundRun
from course_utils.training import fit
from course_utils.validation import require_count, require_positive


def draw_runs(runs: dict[str, History]) -> bytes:
    """Return a PNG of the overlaid runs; no pyplot, so any thread may call it."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    plot_runs(runs, *figure.subplots(1, 2))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


class Field:
    """A number box with a name, and room beside it for the reason why its value will not do."""

    def __init__(self, box: widgets.Widget, check: Callable[[], None], *more: widgets.Widget):
        self.box, self._check = box, check
        self.message = widgets.HTML()
        self.row = widgets.HBox([*more, box, self.message])
        box.observe(lambda _: self.valid(), "value")

    def valid(self) -> bool:
        """Check the value and show what is wrong with it, if anything."""
        try:
            self._check()
        except (TypeError, ValueError) as error:
            self.message.value = f'<span role="alert">&#9888; {error}</span>'
            return False
        self.message.value = ""
        return True


def count_field(name: str, title: str, value: int) -> Field:
    """Return a Field for an integer of at least one."""
    box = widgets.IntText(value=value, description=title, style={"description_width": "7rem"})
    return Field(box, lambda: require_count(name, box.value))


def rate_field(value: float) -> Field:
    """Return a Field for the learning rate: a logarithmic slider and a box kept in step."""
    slider = widgets.FloatLogSlider(
        value=value, min=-3, max=1, step=0.1, readout=False, description="learning rate",
        style={"description_width": "7rem"},
    )  # fmt: skip
    box = widgets.FloatText(value=value, layout={"width": "6rem"})
    slider.observe(lambda change: box.set_trait("value", float(f"{change.new:.3g}")), "value")
    return Field(box, lambda: require_positive("lr", box.value), slider)


class TrainingPanel(widgets.VBox):
    """Train, stop and compare runs of any model that ``fit`` takes.

    Parameters
    ----------
    make_model : callable
        Called without arguments before each run; returns a new, untrained model.
    data : FashionMNIST
        What to train and test on.
    lr, num_epochs, batch_size : number
        First settings of the controls.

    Attributes
    ----------
    runs : dict from label to History
        The finished and running runs, in the order in which they were started.
    run : BackgroundRun or None
        The run under way, or the last one.
    """

    def __init__(
        self,
        make_model: Callable,
        data: FashionMNIST,
        *,
        lr: float = 0.1,
        num_epochs: int = 10,
        batch_size: int = 256,
    ) -> None:
        self.make_model, self.data = make_model, data
        self.runs: dict[str, History] = {}
        self.run: BackgroundRun | None = None
        self.lr = rate_field(lr)
        self.epochs = count_field("num_epochs", "epochs", num_epochs)
        self.batch = count_field("batch_size", "batch size", batch_size)
        self.train = widgets.Button(description="Train", button_style="primary")
        self.stop = widgets.Button(description="Stop", disabled=True)
        self.clear = widgets.Button(description="Forget runs")
        self.progress = widgets.IntProgress(min=0, max=1, layout={"width": "16rem"})
        self.status = widgets.HTML("Ready.")
        self.curves = widgets.Image(value=draw_runs({}), layout={"max_width": "100%"})
        self.train.on_click(lambda _: self.start())
        self.stop.on_click(lambda _: self.run and self.run.stop())
        self.clear.on_click(lambda _: self.forget())
        buttons = widgets.HBox([self.train, self.stop, self.clear, self.progress])
        fields = [self.lr.row, self.epochs.row, self.batch.row]
        super().__init__([*fields, buttons, self.status, self.curves])

    def start(self) -> None:
        """Start a run with the settings of the controls, unless one of them will not do."""
        if not all([self.lr.valid(), self.epochs.valid(), self.batch.valid()]):
            return
        lr, epochs, batch_size = self.lr.box.value, self.epochs.box.value, self.batch.box.value
        label = f"{len(self.runs) + 1}: lr {lr:g}, batch {batch_size}"
        self.train.disabled, self.stop.disabled, self.clear.disabled = True, False, True
        self.progress.max, self.progress.value = epochs, 0
        self.status.value = f"Run {label}: started."

        def work(should_stop: Callable[[], bool]) -> None:
            def on_epoch(epoch: int, history: History) -> bool:
                self.show(label, epoch, history)
                return should_stop()

            history = fit(
                self.make_model(), self.data, lr=lr, num_epochs=epochs, batch_size=batch_size,
                on_epoch=on_epoch, on_batch=lambda step: should_stop(),
            )  # fmt: skip
            self.show(label, len(history), history)

        self.run = BackgroundRun(work, self.finish).start()

    def show(self, label: str, epoch: int, history: History) -> None:
        """Draw the runs so far, with this one, and say where it stands."""
        self.runs[label] = history
        self.progress.value = epoch
        self.curves.value = draw_runs(self.runs)
        numbers = (
            f"loss {history.train_loss[-1]:.3f}, train accuracy {history.train_accuracy[-1]:.3f}, "
            f"test accuracy {history.test_accuracy[-1]:.3f}"
            if len(history)
            else "no finished epoch"
        )
        ending = (
            "<b>It diverged</b>: the learning rate is too large; training was stopped. "
            if history.diverged
            else "Stopped. "
            if history.stopped
            else ""
        )
        self.status.value = f"Run {label}. {ending}Epoch {epoch}: {numbers}."

    def finish(self, run: BackgroundRun) -> None:
        """Give the controls back; show an error if the run ended with one."""
        if run.error is not None:
            self.status.value = f"&#9888; {type(run.error).__name__}: {run.error}"
        self.train.disabled, self.stop.disabled, self.clear.disabled = False, True, False

    def forget(self) -> None:
        """Remove all runs from the picture."""
        self.runs.clear()
        self.curves.value = draw_runs({})
        self.progress.value = 0
        self.status.value = "Ready."

    def __repr__(self) -> str:
        return f"TrainingPanel({len(self.runs)} runs; it needs a kernel)"
