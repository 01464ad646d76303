"""Images whose label is doubted: judge them blind, then see label and neighbours."""

import base64
import io
from collections import Counter
from typing import Any, Self

import torch
import traitlets as t
from PIL import Image
from torch import Tensor

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Numbers

MOST = 20  # images
OF_A_KIND = 3  # images with the same label and the same doubt
SHOWN, ASKED = 3, 10  # nearest images to look at, and to ask for their labels
SIDE = 28


class LabelSuspects(InteractiveFigure):
    """Go through suspected label errors: name the class first, then see what the data set says.

    ``of`` makes the figure of a data set; without it there are no images.

    Parameters
    ----------
    data : dict
        ``sheet``: PNG data URI, a row for each suspect: its image, then the nearest three;
        ``classes``: names; ``source``: "real" or "synthetic"; for each suspect its number
        (``numbers``), its label (``given``), the labels of the three (``near``) and how often each
        label occurs among the nearest ten (``votes``).
    shown : int
        The suspect that is shown.
    verdicts : list of ints
        What the reader said of each: 0 nothing yet, 1 the data set's label, 2 that of the
        neighbours, 3 neither.
    """

    _name = "label_suspects"
    _title = "Would you have labelled it so?"

    data = t.Dict().tag(sync=True)
    shown = Integer(0, 0, MOST - 1)
    verdicts = Numbers([], 0, 3, least=0, most=MOST)

    @classmethod
    def of(
        cls,
        images: Tensor,
        labels: Tensor,
        classes: tuple[str, ...],
        suspects: Tensor,
        *,
        source: str = "real",
        **settings: Any,
    ) -> Self:
        """Make the figure of up to 20 suspects, at most three with the same label and doubt.

        They alternate: first one of each such kind, then the second ones.

        A suspect is left out unless most of its ten nearest images carry one other label.

        Parameters
        ----------
        images : Tensor of shape (n, 28, 28), values in [0, 1]
        labels : int64 Tensor of shape (n,)
        classes : names of the classes
        suspects : int64 Tensor of shape (m,), numbers of images, the first ones first
        source : {"real", "synthetic"}
            "synthetic" has the figure say that the images are drawn and labelled by code.

        Raises
        ------
        ValueError
            The images are of another size, or fewer than eleven.
        """
        if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or len(images) <= ASKED:
            raise ValueError(
                f"images must have shape (n, {SIDE}, {SIDE}) with n above {ASKED}, got "
                f"{tuple(images.shape)}; pass data.train.images"
            )
        distances = torch.cdist(images[suspects].flatten(1), images.flatten(1))
        distances[torch.arange(len(suspects)), suspects] = torch.inf  # no witness for itself
        nearest = distances.topk(ASKED, dim=1, largest=False).indices
        kinds: Counter[tuple[int, int]] = Counter()
        found: list[tuple[int, int, list[int]]] = []
        for i, suspect in enumerate(suspects.tolist()):
            mine = torch.bincount(labels[nearest[i]], minlength=len(classes))
            given = int(labels[suspect])
            other = int(mine.argmax())
            if other == given or mine[other] <= ASKED // 2:
                continue  # most neighbours don't doubt it, or not with one voice
            kinds[given, other] += 1
            found.append((kinds[given, other], i, mine.tolist()))
        found = sorted(entry for entry in found if entry[0] <= OF_A_KIND)[
            :MOST
        ]  # one of each first
        kept = [i for _, i, _ in found]
        numbers, near = suspects[kept], nearest[kept, :SHOWN]
        data = {
            "sheet": _sheet(images[torch.cat([numbers[:, None], near], dim=1)]) if kept else "",
            "classes": list(classes),
            "source": source,
            "numbers": numbers.tolist(),
            "given": labels[numbers].tolist(),
            "near": labels[near].tolist(),
            "votes": [votes for *_, votes in found],
        }
        return cls(data=data, **settings)

    def describe(self) -> str:
        """Return in words which labels are doubted."""
        if not self.data.get("numbers"):
            return "It shows images whose label is doubted; here there are none."
        names = self.data["classes"]
        doubted = Counter(names[label] for label in self.data["given"])
        listed = ", ".join(f"{name} {count}" for name, count in doubted.most_common())
        return (
            f"{len(self.data['numbers'])} training images, most of whose ten nearest images carry "
            f"another label, to be judged by eye; by their label: {listed}."
        )


def _sheet(images: Tensor) -> str:
    """Return images (rows, columns, 28, 28) as a PNG data URI with 16 grey values."""
    rows, columns = images.shape[:2]
    grey = (images * 15).round().permute(0, 2, 1, 3).reshape(rows * SIDE, columns * SIDE)
    image = Image.fromarray(grey.to(torch.uint8).cpu().numpy()).convert("P")
    image.putpalette([17 * step for step in range(16) for _ in range(3)])
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True, bits=4)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
