"""A question answered by clicking; every option explains itself, and the browser remembers."""

from collections.abc import Sequence

import traitlets as t

from course_utils.figures.base import InteractiveFigure


class Quiz(InteractiveFigure):
    """One question with two to six options.

    Answers are kept in the reader's browser only (localStorage); the book counts them there.

    Parameters
    ----------
    key : str
        Chapter and letter, such as "7.a"; answers are remembered under it.
    question : str
    options : sequence of (text, explanation)
        The explanation is shown when the option is chosen.
    right : int
        Index of the right option.

    Raises
    ------
    ValueError
        Too few or too many options, an empty text, or no such right option.
    """

    _name = "quiz"
    _title = "Quick question"
    key = t.Unicode("").tag(sync=True)
    question = t.Unicode("").tag(sync=True)
    options: t.List = t.List().tag(sync=True)
    right = t.Int(0).tag(sync=True)
    chosen = t.Int(-1).tag(sync=True)

    def __init__(
        self, key: str, question: str, options: Sequence[tuple[str, str]], right: int
    ) -> None:
        if not 2 <= len(options) <= 6:
            raise ValueError(f"options must hold 2 to 6 pairs, got {len(options)}")
        if not all(len(pair) == 2 and all(pair) for pair in options):
            raise ValueError(f"options must be pairs (text, explanation), got {options!r}")
        if not 0 <= right < len(options):
            raise ValueError(f"right must be an index in 0..{len(options) - 1}, got {right}")
        super().__init__(
            key=key, question=question, options=[list(pair) for pair in options], right=right
        )

    def describe(self) -> str:
        """Return the question and its options in words."""
        named = zip("abcdef", (text for text, _ in self.options), strict=False)
        options = [f"({letter}) {text}{'' if text[-1] in '.?!' else '.'}" for letter, text in named]
        return " ".join([self.question, *options])

    def __repr__(self) -> str:
        return f"Quiz({self.key!r}, {self.question!r})"
