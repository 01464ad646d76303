"""Freeze the prose of the chapters as the text that chapter 10 learns from.

The chapters change with every correction; a model trained on them would change its numbers with
each. So the text is a file of its own, made by this tool and renewed on purpose:
``python tools/make_course_text.py``, then execute chapter 10 again.
Chapter 10 and later are left out: they quote what they learn.
"""

from pathlib import Path

from course_utils.text import COURSE_TEXT, notebook_prose

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Prose of chapters 1 to 9, one paragraph a line; made by tools/make_course_text.py."


def main() -> None:
    """Write the file and say how long it is."""
    paths = [p for p in sorted((ROOT / "chapters").glob("0*.ipynb"))]
    paragraphs = [paragraph for path in paths for paragraph in notebook_prose(path)]
    COURSE_TEXT.write_text("\n".join([HEADER, *paragraphs]) + "\n", encoding="utf-8")
    words = sum(paragraph.count(" ") + 1 for paragraph in paragraphs)
    print(f"{len(paths)} chapters, {len(paragraphs)} paragraphs, {words} words")


if __name__ == "__main__":
    main()
