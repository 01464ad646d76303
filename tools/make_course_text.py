"""Freeze the prose of the chapters as the text that chapter 10 learns from.

The chapters change with every correction; a model trained on them would change its numbers with
each. So the text is a file of its own, made by this tool and renewed on purpose:
``python tools/make_course_text.py``, then execute chapter 10 again.
Chapter 10 and later are left out: they quote what they learn.
"""

import json
import re
from pathlib import Path

from course_utils.text import COURSE_TEXT

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Prose of chapters 1 to 9, one paragraph a line; made by tools/make_course_text.py."
# What is not prose: lines of HTML, fences, formulas, tables, headings.
NOT_PROSE = (
    r"(?m)^<.*>$",
    r"(?ms)^`{3,}.*?$",
    r"(?s)\$\$.*?\$\$",
    r"(?m)^\s*\|.*$",
    r"(?m)^#+ .*$",
)


def prose(markdown: str) -> list[str]:
    """Paragraphs of a markdown text in lower case, without mark-up.

    Formulas and code become "x", numbers "0".
    """
    markdown = re.sub(r"(?m)^> ?", "", markdown)  # quotations keep their words
    for pattern in NOT_PROSE:
        markdown = re.sub(pattern, "\n\n", markdown)
    markdown = re.sub(r"\$[^$]+\$|`[^`]*`", " x ", markdown)
    markdown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)  # links keep their words
    markdown = re.sub(r"\d(?:[\d., ]*\d)?", " 0 ", markdown)
    paragraphs = re.split(r"\n\s*\n|\n(?=[-*] )", markdown)
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


def main() -> None:
    """Write the file and say how long it is."""
    paths = [p for p in sorted((ROOT / "chapters").glob("0*.ipynb"))]
    paragraphs = [paragraph for path in paths for paragraph in notebook_prose(path)]
    COURSE_TEXT.write_text("\n".join([HEADER, *paragraphs]) + "\n", encoding="utf-8")
    words = sum(paragraph.count(" ") + 1 for paragraph in paragraphs)
    print(f"{len(paths)} chapters, {len(paragraphs)} paragraphs, {words} words")


if __name__ == "__main__":
    main()
