"""Which chapter teaches and which use each name of ``course_utils``, read from the chapters.

``python tools/package_index.py`` prints the whole list; with words, the lines that hold one of
them: ``python tools/package_index.py softmax_vjp plots/``.
"""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def public_names(package: Path) -> dict[str, str]:
    """Return the module of each function and class; the exercises hold answers, not lessons."""
    return {
        node.name: path.relative_to(package).as_posix()
        for path in sorted(package.rglob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        if not path.name.startswith("chapter_")
    }


def statements(chapter: Path) -> Iterator[ast.stmt]:
    """Iterate over the top-level statements of a notebook's code cells."""
    for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            yield from ast.parse(
                "\n".join(line for line in lines if not line.startswith(("%", "!")))
            ).body


def index(root: Path = ROOT) -> list[str]:
    """Return a line for each name that a chapter defines or imports."""
    names = public_names(root / "src" / "course_utils")
    taught: dict[str, list[str]] = {name: [] for name in names}
    used: dict[str, list[str]] = {name: [] for name in names}
    for chapter in sorted((root / "chapters").glob("*.ipynb")):
        for node in statements(chapter):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
                taught[node.name].append(chapter.name[:2])
            elif isinstance(node, ast.ImportFrom) and "course_utils" in (node.module or ""):
                for alias in node.names:
                    used.setdefault(alias.name, []).append(chapter.name[:2])
    return [
        f"{module:38} {name:33} taught in {' '.join(taught[name]) or '-':3} "
        f"used in {' '.join(used[name]) or '-'}"
        for name, module in sorted(names.items(), key=lambda item: item[::-1])
        if taught[name] or used[name]
    ]


def main(words: list[str], root: Path = ROOT) -> None:
    """Print the lines that hold one of the words, without words all."""
    print("\n".join(line for line in index(root) if any(word in line for word in words or [""])))


if __name__ == "__main__":
    main(sys.argv[1:])
