"""Words for the next-word model: prose out of notebooks, a vocabulary, windows of words."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_utils.validation import require_count

COURSE_TEXT = Path(__file__).with_name("course_text.txt")
UNKNOWN = "<unk>"
# What is not prose: fences (directives, code), labels, formulas, code and roles, tables, headings,
# lines of HTML.
NOT_PROSE = (
    r"(?m)^<.*>$",
    r"(?ms)^(`{3,}|:{3,}).*?$",
    r"(?m)^\([\w-]+\)=\s*$",
    r"(?m)^:\w[\w-]*:.*$",
    r"(?s)\$\$.*?\$\$(?: \([\w-]+\))?",
    r"(?m)^\s*\|.*$",
    r"(?m)^#+ .*$",
    r"(?m)^%.*$",
)


def prose(markdown: str) -> list[str]:
    """Paragraphs of a markdown text in lower case, without mark-up.

    Formulas, code and references become "x", numbers "0".
    """
    markdown = re.sub(r"(?m)^> ?", "", markdown)  # quotations keep their words
    for pattern in NOT_PROSE:
        markdown = re.sub(pattern, "\n\n", markdown)
    markdown = re.sub(r"\{[\w:]+\}`[^`]*`|\$[^$]+\$|`[^`]*`", " x ", markdown)
    markdown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)  # links keep their words
    markdown = re.sub(r"\d(?:[\d., ]*\d)?", " 0 ", markdown)
    paragraphs = re.split(r"\n\s*\n|\n(?=[-*] |\d+\. )", markdown)
    texts = (" ".join(tokens(paragraph)) for paragraph in paragraphs)
    return [text for text in texts if text.count(" ") >= 5]  # shorter ones are remains of tables


def tokens(text: str) -> list[str]:
    """Words in lower case, "0" for numbers, and the punctuation that ends or divides sentences."""
    return re.findall(r"[a-z]+(?:['-][a-z]+)*|0|[.,;:?!]", text.lower())


def notebook_prose(path: Path) -> list[str]:
    """Paragraphs of the markdown cells of a notebook, those that only lead elsewhere left out."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = [
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "markdown"
        and "remove-cell" not in cell.get("metadata", {}).get("tags", ())
    ]
    return [paragraph for text in texts for paragraph in prose(text)]


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
