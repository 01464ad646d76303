"""The form of a chapter: what its markdown and the metadata of its cells must look like.

A chapter is a notebook that reads well wherever it is opened: plain Markdown, no directives. The
book dresses it (``book_ext/chapters.py``); here the form is read and checked, without Sphinx. The
build and the tests call `problems`, and each finding names file and cell. CONTRIBUTING.md has the
rules in words.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pybtex.database import parse_file

#: First words of a box -> the admonition it becomes in the book.
BOXES = {"Goals": "tip", "Common mistake": "warning", "Note": "note"}
NUMBER = r"\d+\.\d+"
TAG = re.compile(rf"\\tag\{{({NUMBER})\}}\s*")
CAPTION = re.compile(rf"Figure ({NUMBER})\.$")
EXERCISE = re.compile(rf"Exercise ({NUMBER}): \S")
#: "equation (7.1)", "figures 7.1 and 7.2", "Exercise 7.3"
MENTION = re.compile(
    rf"\b(equation|figure|exercise)s?\s+\(?{NUMBER}\)?"
    rf"(?:(?:,\s+and|,|\s+and|\s+to)\s+\(?{NUMBER}\)?)*",
    re.IGNORECASE,
)
#: How the text of a citation ends: "Xiao et al. (2017)" or "Xiao et al., 2017".
YEAR = re.compile(r"(?:\(|, )((?:1[5-9]|20)\d\d)\)?$")
DETAILS, END = re.compile(r"<details>\n<summary>Solution.*</summary>\n"), "</details>"
TAGS = {"setup", "imports", "drawing", "checks", "measuring", "solution"}

#: Letters of a code line that fit into a box of the book, in a window of 1280 px.
LINE, LINE_IN_SOLUTION = 82, 78

MISSING = """\
if find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "The package of this course, course_utils, is not installed for this "
        "notebook's kernel. In the folder of the course run `make install`, "
        "then open the chapters with `make lab`, or choose the Python of its "
        "folder .venv as the kernel. README.md says how to do without make."
    )"""
SETUP = f"""\
# Setup: where the course's package is missing, this cell says what to do.
from importlib.util import find_spec

{MISSING}"""
ON_COLAB = f"""\
# Setup: on Colab the course is installed from its repository. Elsewhere, where
# the course's package is missing, this cell says what to do.
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("course_utils") is None and "google.colab" in sys.modules:
    address = "ADDRESS"
    branch = "BRANCH"
    course = Path("/content/course")
    clone = ["git", "clone", "--quiet", "--depth=1", "--branch"]
    if not course.exists():
        subprocess.run([*clone, branch, address, str(course)], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--editable"]
    subprocess.run([*pip, str(course)], check=True)
    sys.path.append(str(course / "src"))  # for the kernel that runs already

{MISSING}"""


# Which address it names is the business of tools/repository.py.
IS_SETUP = re.compile(
    "|".join(re.sub("ADDRESS|BRANCH", '[^"]+', re.escape(text)) for text in (SETUP, ON_COLAB))
)


def setup_cell(address: str, branch: str = "main") -> str:
    """The cell that a chapter begins with; with the repository's address it installs on Colab."""
    return ON_COLAB.replace("ADDRESS", address).replace("BRANCH", branch) if address else SETUP


def parser() -> MarkdownIt:
    """CommonMark with tables and mathematics: what every program understands."""
    plain = MarkdownIt("commonmark").enable("table")
    return plain.use(dollarmath_plugin, allow_labels=False, double_inline=True)


PARSER = parser()


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook, with its place."""

    place: str  # file and number of the cell, counted from 0
    kind: str
    text: str
    metadata: dict
    outputs: list

    @property
    def tags(self) -> set[str]:
        return set(self.metadata.get("tags", ()))

    @cached_property
    def tokens(self) -> list[Token]:
        return PARSER.parse(self.text) if self.kind == "markdown" else []

    def inlines(self) -> Iterator[tuple[Token, str]]:
        """Each block of running text: its token, and the plain words."""
        for token in self.tokens:
            if token.type == "inline":
                yield token, words(token.children or [])

    def links(self) -> Iterator[tuple[str, str]]:
        """Each link: its address and its text."""
        for token in self.tokens:
            parts = token.children or []
            for i, part in enumerate(parts):
                if part.type == "link_open":
                    end = next(j for j in range(i, len(parts)) if parts[j].type == "link_close")
                    yield str(part.attrGet("href")), words(parts[i:end])

    def has_heading(self) -> bool:
        return any(token.type == "heading_open" for token in self.tokens)

    def has_picture(self) -> bool:
        """Whether an output is a picture or an interactive figure."""
        data = [output.get("data", {}) for output in self.outputs]
        return any("image/png" in d or "data-afm=" in "".join(d.get("text/html", "")) for d in data)

    def problem(self, words: str) -> str:
        return f"{self.place}: {words}"


def words(parts: Iterable[Token]) -> str:
    """Plain words of inline tokens; formulas and code are left out."""
    return "".join(
        {"text": part.content, "softbreak": " "}.get(part.type, "") for part in parts
    ).strip()


def first_strong(token: Token) -> str | None:
    """Words of the bold beginning of a paragraph."""
    parts = [part for part in token.children or [] if part.type != "text" or part.content]
    if not parts or parts[0].type != "strong_open":
        return None
    end = next(i for i, part in enumerate(parts) if part.type == "strong_close")
    return "".join(part.content or " " * (part.type == "softbreak") for part in parts[1:end])


def mentions(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Each reference in running text: its kind, its number, where the number begins and ends."""
    for found in MENTION.finditer(text):
        kind = found[1].lower()
        number = rf"\({NUMBER}\)" if kind == "equation" else NUMBER
        for match in re.finditer(number, found[0]):
            start, end = (found.start() + place for place in match.span())
            yield kind, match[0].strip("()"), start, end


@dataclass(frozen=True)
class Chapter:
    """A notebook and its place in the course."""

    path: Path
    cells: list[Cell]

    @property
    def number(self) -> int:
        return int(self.path.name[:2])

    @cached_property
    def title(self) -> str:
        titled = (cell for cell in self.cells if cell.text.lstrip().startswith("# "))
        return next((text for cell in titled for _, text in cell.inlines()), self.path.stem)

    def numbered(self) -> Iterator[tuple[str, str, Cell]]:
        """Each equation, figure and exercise: its kind, its number, its cell."""
        for cell in self.cells:
            for token in cell.tokens:
                if token.type == "math_block" and (tag := TAG.search(token.content)):
                    yield "equation", tag[1], cell
                if token.type == "inline":
                    if caption := CAPTION.match(first_strong(token) or ""):
                        yield "figure", caption[1], cell
                    if exercise := EXERCISE.match(token.content):
                        yield "exercise", exercise[1], cell


def read(path: Path) -> Chapter:
    """Read a notebook."""
    cells = [
        Cell(
            f"{path.name}, cell {i}",
            cell["cell_type"],
            "".join(cell["source"]),
            cell["metadata"],
            cell.get("outputs", []),
        )
        for i, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"])
    ]
    return Chapter(path, cells)


def sources(bibliography: Path) -> dict[str, tuple[str, str]]:
    """Address of each source -> its key and year; an entry without an address is an error."""
    found: dict[str, tuple[str, str]] = {}
    for key, entry in parse_file(str(bibliography)).entries.items():
        fields, starts = entry.fields, {"url": "", "doi": "https://doi.org/"}
        addresses = [start + fields[name] for name, start in starts.items() if name in fields]
        if not addresses:
            raise ValueError(f"{bibliography.name}: {key} has neither url nor doi; add one")
        found |= {address: (key, fields["year"]) for address in addresses}
    return found


def navigation(chapters: list[Chapter], i: int) -> str:
    """First and last line of a chapter: the way to the others and to the book."""
    parts = []
    for name, j in (("Previous", i - 1), ("Next", i + 1)):
        if 0 <= j < len(chapters):
            parts.append(f"{name}: [{chapters[j].title}]({chapters[j].path.name})")
    return " · ".join([*parts, "[The book and all chapters](../README.md)"])


def problems(folder: Path, bibliography: Path) -> list[str]:
    """Return what is wrong with the form of the chapters in a folder; empty when all is well."""
    try:
        known = sources(bibliography)
    except ValueError as error:
        return [str(error)]
    chapters = [read(path) for path in sorted(folder.glob("[0-9]*.ipynb"))]
    numbers = {(kind, number) for chapter in chapters for kind, number, _ in chapter.numbered()}
    found: list[str] = []
    for i, chapter in enumerate(chapters):
        found += frame_problems(chapter, navigation(chapters, i))
        found += number_problems(chapter)
        found += exercise_problems(chapter)
        for before, cell in zip([None, *chapter.cells], chapter.cells, strict=False):
            found += raw_markup(cell)
            found += text_problems(cell)
            found += reference_problems(cell, numbers, known, folder)
            found += caption_problems(before, cell)
            found += tag_problems(cell)
            found += long_lines(cell)
        found += uncaptioned(chapter)
    return found


def frame_problems(chapter: Chapter, expected: str) -> Iterator[str]:
    """The first and the last cell lead on; the second says what is missing."""
    for cell in (chapter.cells[0], chapter.cells[-1]):
        if cell.text != expected or "remove-cell" not in cell.tags:
            yield cell.problem(f"must have the tag remove-cell and be this line:\n{expected}")
    setups = [cell for cell in chapter.cells if "setup" in cell.tags]
    if setups != chapter.cells[1:2] or not IS_SETUP.fullmatch(setups[0].text):
        yield chapter.cells[1].problem("must be the setup cell, as tools/chapter_form.py has it")
    code = [cell for cell in chapter.cells if cell.kind == "code" and "setup" not in cell.tags]
    if code and "imports" not in code[0].tags:
        yield code[0].problem("holds the imports and lacks the tag imports")


def number_problems(chapter: Chapter) -> Iterator[str]:
    """Equations, figures and exercises are numbered through."""
    count = {"equation": 0, "figure": 0, "exercise": 0}
    for kind, number, cell in chapter.numbered():
        count[kind] += 1
        expected = f"{chapter.number}.{count[kind]}"
        if number != expected:
            yield cell.problem(f"{kind} {number} must be {kind} {expected}")


def exercises(chapter: Chapter) -> Iterator[tuple[str, Cell, list[Cell]]]:
    """Each exercise: its number, the cell that states it, the cells up to the next heading."""
    heads = [i for i, cell in enumerate(chapter.cells) if cell.has_heading()]
    for start, end in zip(heads, [*heads[1:], len(chapter.cells) - 1], strict=True):
        cell = chapter.cells[start]
        numbers = [found[1] for t in cell.tokens if (found := EXERCISE.match(t.content))]
        yield from ((number, cell, chapter.cells[start + 1 : end]) for number in numbers)


def exercise_problems(chapter: Chapter) -> Iterator[str]:
    """Each exercise has a cell that checks and a solution; nothing of it lies open."""
    for number, head, cells in exercises(chapter):
        call = f'check("{number}"'
        stub = next((i for i, cell in enumerate(cells) if call in cell.text), None)
        if stub is None or "solution" in cells[stub].tags:
            yield head.problem(f"exercise {number} has no cell with {call}, ...)")
            continue
        solution = [cell for cell in cells[stub + 1 :] if "solution" in cell.tags]
        if not solution:
            yield head.problem(f"exercise {number} has no solution")
        for cell in cells[stub + 1 :]:
            if cell in solution:
                yield from open_solution(cell, number)
            elif cell.text.startswith("<details>"):
                lines = cell.text.splitlines()
                if not DETAILS.match(cell.text) or [lines[2], *lines[-2:]] != ["", "", END]:
                    yield cell.problem(
                        "a solution begins with the lines <details>, <summary>Solution</summary> "
                        "and an empty one, and ends with an empty one and </details>"
                    )
            else:
                yield cell.problem(f"after the check of exercise {number}: a solution left open")


def open_solution(cell: Cell, number: str) -> Iterator[str]:
    """What shows of a solution's code before one asks."""
    jupyter = cell.metadata.get("jupyter", {})
    folded = jupyter.get("source_hidden") and cell.metadata.get("cellView") == "form"
    if not folded or (cell.outputs and not jupyter.get("outputs_hidden")):
        yield cell.problem(
            'a solution cell left open: its metadata need "cellView": "form" and "jupyter": '
            '{"source_hidden": true}, with outputs also "outputs_hidden": true'
        )
    # JupyterLab shows the first line of a folded cell.
    if cell.text.splitlines()[0] != f"# Solution {number}":
        yield cell.problem(f"the first line of a solution must be: # Solution {number}")


def text_problems(cell: Cell) -> Iterator[str]:
    """Boxes have a known kind; mathematics in them stays on one line."""
    depth = 0
    for before, token in zip([None, None, *cell.tokens], cell.tokens, strict=False):
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if not depth:
            continue
        bold = first_strong(token) if before and before.type == "blockquote_open" else None
        if bold and not (bold.startswith(tuple(BOXES)) and bold[-1] in ".?!"):
            kinds = ", ".join(BOXES)
            yield cell.problem(f"box {bold!r} must begin with {kinds} and end with a full stop")
        formulas = [token, *(token.children or [])]
        if any(f.type.startswith("math") and "\n" in f.content for f in formulas):
            yield cell.problem("a formula in a box must stand on one line, else JupyterLab shows >")


def reference_problems(
    cell: Cell, numbers: set[tuple[str, str]], known: dict[str, tuple[str, str]], folder: Path
) -> Iterator[str]:
    """What the text mentions, links to and cites is there."""
    for _, text in cell.inlines():
        for kind, number, *_ in mentions(text):
            if (kind, number) not in numbers:
                yield cell.problem(f"there is no {kind} {number}")
    for address, text in cell.links():
        year = YEAR.search(text)
        if not address.startswith(("https://", "http://")):
            if not (folder / address).is_file():
                yield cell.problem(f"links to {address}, which is not there")
        elif year and address not in known:
            yield cell.problem(f"cites {text}, but no entry of references.bib has {address}")
        elif year and known[address][1] != year[1]:
            yield cell.problem(f"cites {text}, but references.bib says {known[address][1]}")


def caption_problems(before: Cell | None, cell: Cell) -> Iterator[str]:
    """A caption has a number, and stands right below its picture."""
    for token in cell.tokens:
        bold = first_strong(token) if token.type == "inline" else None
        if bold and bold.lower().startswith(("fig.", "figure")):
            if not CAPTION.match(bold):
                yield cell.problem(f"caption {bold!r} must begin with a number: **Figure 7.1.**")
            elif token is not next(t for t in cell.tokens if t.type == "inline"):
                yield cell.problem(f"caption {bold!r} must begin its cell")
            elif before is None or not before.has_picture():
                yield cell.problem(f"no picture above the caption {bold!r}")


def uncaptioned(chapter: Chapter) -> Iterator[str]:
    """Each cell that shows a picture (not an interactive figure) is followed by its caption."""
    captioned = {id(cell) for kind, _, cell in chapter.numbered() if kind == "figure"}
    for cell, after in zip(chapter.cells, chapter.cells[1:], strict=False):
        picture = any("image/png" in output.get("data", {}) for output in cell.outputs)
        if picture and id(after) not in captioned:
            yield cell.problem("a picture without a caption in the next cell: **Figure 7.1.**")


def tag_problems(cell: Cell) -> Iterator[str]:
    """Quizzes are folded; what is no code has no tag of code; what is folded is named."""
    folded = cell.metadata.get("jupyter", {}).get("source_hidden")
    if re.search(r"\bQuiz\(", cell.text) and cell.kind == "code" and not folded:
        yield cell.problem('a quiz left open: its metadata need "jupyter": {"source_hidden": true}')
    if cell.kind != "code" and cell.tags & TAGS:
        yield cell.problem(f"has the tag {min(cell.tags & TAGS)}, which is for code")
    if cell.kind == "code" and "measuring" in cell.tags:
        if not cell.text.startswith("# "):
            yield cell.problem(
                "measures unseen: its first line must be a comment, what is measured"
            )
        if not cell.outputs:
            yield cell.problem(
                "has the tag measuring, but puts out nothing that would stay in view"
            )


def long_lines(cell: Cell) -> Iterator[str]:
    """Lines of code that run out of their box; questions show none."""
    if cell.kind == "code" and not re.search(r"\bQuiz\(", cell.text) and "setup" not in cell.tags:
        most = LINE_IN_SOLUTION if "solution" in cell.tags else LINE
        for line in cell.text.splitlines():
            if len(line) > most:
                yield cell.problem(
                    f"a line of {len(line)} letters, where {most} fit: {line.strip()}"
                )


def raw_markup(cell: Cell) -> Iterator[str]:
    """What a plain renderer would show as it was typed, or swallow."""
    for token in cell.tokens:
        parts = token.children or []
        if token.type == "fence" and token.info.startswith("{"):
            yield cell.problem(f"raw markup: ```{token.info}")
        if token.type == "html_block" and not (
            DETAILS.fullmatch(token.content) or token.content.strip() == END
        ):
            yield cell.problem(f"raw markup: {token.content[:60].strip()!r}")
        for before, part, after in zip([None, *parts], parts, [*parts[1:], None], strict=False):
            if part.type == "html_inline":
                yield cell.problem(f"raw markup: {part.content}")
            if part.type == "text":
                found = RAW.findall(part.content)
                if before is None or before.type == "softbreak":
                    found += RAW_LINE.findall(part.content)
                if after is not None and after.type == "code_inline":
                    found += re.findall(r"\{[\w:-]+\}$", part.content)
                yield from (cell.problem(f"raw markup: {piece!r}") for piece in found)


#: Left as typed: a formula, its label, emphasis, a footnote, attributes, a LaTeX command.
RAW = re.compile(
    r"\((?:eq|fig|ch|sec|ex)-[\w-]+\)|\$+|\*\*|\[\^?[\w-]+\]:?(?!\()|\{[#.].*?\}|\\\w+"
)
#: The same at the beginning of a line: a directive, a label, a definition, a comment.
RAW_LINE = re.compile(r"^:::.*|^\([\w-]+\)=|^: |^%.*")
