"""Words for the next-word model: the course's own prose, a vocabulary, windows of words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_utils.validation import require_count

COURSE_TEXT = Path(__file__).with_name("course_text.txt")
UNKNOWN = "<unk>"


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words numbered by falling frequency, ties in alphabetical order.

    Attributes
    ----------
    words : tuple of str; one of them, `UNKNOWN`, stands for all rare words
    counts : Tensor of shape (K,), int64, falling
    """

    words: tuple[str, ...]
    counts: Tensor

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} words, {int(self.counts.sum())} occurrences)"

    def encode(self, words: Iterable[str]) -> Tensor:
        """Return the number of each word (n,), that of `UNKNOWN` for words it does not hold."""
        index = {word: number for number, word in enumerate(self.words)}
        unknown = index[UNKNOWN]
        return torch.tensor([index.get(word, unknown) for word in words], dtype=torch.int64)

    def decode(self, numbers: Tensor) -> list[str]:
        """Return the words with these numbers (n,)."""
        return [self.words[number] for number in numbers.tolist()]


def build_vocabulary(words: Iterable[str], min_count: int = 2) -> Vocabulary:
    """Number the words; those that occur fewer than ``min_count`` times share one number."""
    require_count("min_count", min_count)
    counts = Counter(words)
    rare = [word for word, count in counts.items() if count < min_count]
    counts[UNKNOWN] = sum(counts.pop(word) for word in rare)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return Vocabulary(tuple(ordered), torch.tensor([counts[word] for word in ordered]))


def windows(sequences: Sequence[Tensor], length: int) -> tuple[Tensor, Tensor]:
    """Each run of ``length`` numbers within a sequence, and the number that follows it.

    Parameters
    ----------
    sequences : int64 Tensors, one a paragraph; no window crosses from one to the next
    length : int, words of context

    Returns
    -------
    contexts (n, length), next words (n,)

    Raises
    ------
    ValueError : no sequence is longer than ``length``.
    """
    require_count("length", length)
    long = [s.unfold(0, length + 1, 1) for s in sequences if len(s) > length]
    if not long:
        raise ValueError(f"sequences must hold one longer than {length}, got none; lower length")
    runs = torch.cat(long)  # (n, length + 1)
    return runs[:, :-1], runs[:, -1]


def read_paragraphs(path: str | Path = COURSE_TEXT) -> list[list[str]]:
    """Words of each line of a text file, one paragraph per line; by default the course's prose.

    Lines that begin with # are left out.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]
