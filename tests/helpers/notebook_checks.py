"""Checks on chapter notebooks: each returns a list of what is wrong, empty when all is well."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from chapter_form import MENTION

MAX_BYTES = 1_500_000


def code_cells(notebook: dict) -> list[dict]:
    """Return the code cells that hold code."""
    return [
        cell for cell in notebook["cells"] if cell["cell_type"] == "code" and source(cell).strip()
    ]


def source(cell: dict) -> str:
    """Return a cell's text."""
    return "".join(cell["source"])


def tree(cell: dict) -> ast.Module:
    """Parse a code cell; lines of magics are blanked."""
    return ast.parse(re.sub(r"^[%!].*$", "", source(cell), flags=re.MULTILINE))


def outputs(notebook: dict) -> Iterator[dict]:
    """Iterate over all outputs."""
    for cell in code_cells(notebook):
        yield from cell.get("outputs", [])


def check_execution(notebook: dict) -> list[str]:
    """Executed once, top to bottom: the counts are 1..n."""
    counts = [cell.get("execution_count") for cell in code_cells(notebook)]
    if not counts:
        return ["has no code cell"]
    if counts != list(range(1, len(counts) + 1)):
        return [f"execution counts are {counts}, not 1..{len(counts)}: run `make run`"]
    return []


def check_outputs(notebook: dict) -> list[str]:
    """No error, nothing on stderr, no widget ids, no addresses that change from run to run."""
    found = []
    for output in outputs(notebook):
        if output["output_type"] == "error":
            found.append(f"an output is an error: {output.get('ename')}")
        if output.get("name") == "stderr":
            found.append(f"an output is on stderr: {''.join(output['text'])[:80]!r}")
        data = output.get("data", {})
        if "application/vnd.jupyter.widget-view+json" in data:
            found.append("an output holds a widget view: run `make run`")
        text = "".join(output.get("text", "")) + "".join(data.get("text/plain", ""))
        if re.search(r"\bat 0x[0-9a-f]+", text):
            found.append(f"an output holds an address: {text[:80]!r}")
    if "widgets" in notebook["metadata"]:
        found.append("metadata holds widget state: run `make run`")
    return found


def check_imports(notebook: dict) -> list[str]:
    """All course_utils imports stand in the first code cell, by name, and are used.

    Before it may stand the cell that says what to do where the package is missing.
    What checks arguments stays in the package: a page shows what it teaches.
    """
    found, imported = [], set()
    cells = [c for c in code_cells(notebook) if "setup" not in c["metadata"].get("tags", ())]
    for number, cell in enumerate(cells):
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.Import) and any(
                a.name.startswith("course_utils") for a in node.names
            ):
                found.append(f"cell {number + 1} imports a course_utils module whole")
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("course_utils"):
                if number:
                    found.append(f"cell {number + 1} imports from {node.module}: move to cell 1")
                if any(a.name == "*" for a in node.names):
                    found.append(f"cell {number + 1} imports * from {node.module}")
                imported |= {a.asname or a.name for a in node.names}
                found += [
                    f"imports {a.name}: leave it out, and the statement that calls it"
                    for a in node.names
                    if a.name.startswith("require_")
                ]
    used = {
        node.id for cell in cells for node in ast.walk(tree(cell)) if isinstance(node, ast.Name)
    }
    found += [f"imports {name} and never uses it" for name in sorted(imported - used)]
    return found


def check_pictures(notebook: dict) -> list[str]:
    """Each cell that makes a picture has an alt text; captions are chapter_form's business."""
    found = []
    for cell in code_cells(notebook):
        kinds = {kind for o in cell.get("outputs", []) for kind in o.get("data", {})}
        if "image/svg+xml" in kinds:
            found.append("an output is SVG, which nbval compares: use PNG")
        if "image/png" not in kinds:
            continue
        mystnb = cell["metadata"].get("mystnb", {})
        if not mystnb.get("image", {}).get("alt"):
            found.append(f"a picture has no alt text: {source(cell)[:60]!r}")
    return found


def check_claims(notebook: dict) -> list[str]:
    """Some cell asserts; where nobody compares an output, the cell or one of the next two does.

    Tagged ``timing`` or ``chaotic``, that is. Solutions are left out: they show a way, not a fact.
    """
    cells = code_cells(notebook)
    asserts = [any(isinstance(n, ast.Assert) for n in ast.walk(tree(c))) for c in cells]
    if not any(asserts):
        return ["asserts nothing"]
    found = []
    for number, cell in enumerate(cells):
        tags = set(cell["metadata"].get("tags", ()))
        unseen = tags & {"timing", "chaotic"} and "solution" not in tags
        if unseen and not any(asserts[number : number + 3]):
            found.append(f"nobody compares or asserts what this prints: {source(cell)[:60]!r}")
    return found


def known_numbers(notebook: dict) -> list[float]:
    """Return all numbers that stand in the chapter's code and in its text outputs."""
    texts = [source(cell) for cell in code_cells(notebook)]
    for output in outputs(notebook):
        data = output.get("data", {})
        parts = (output.get("text", ""), data.get("text/plain", ""), data.get("text/html", ""))
        texts += ["".join(part) for part in parts]
    found = re.findall(r"\d+\.?\d*(?:e[+-]?\d+)?", " ".join(texts).replace("_", ""))
    return [float(number) for number in found]


def mantissa(number: float) -> float:
    """Return the number divided by its power of ten."""
    return float(f"{number:e}".split("e")[0])


def check_prose_numbers(notebook: dict, facts: Iterable[str] = ()) -> list[str]:
    """A decimal number in the text is, rounded, a number of the code or of an output.

    ``facts`` are numbers from elsewhere, which the text must cite.
    """
    known, found = known_numbers(notebook), []
    mantissas = [mantissa(number) for number in known]
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        # Code, LaTeX commands such as \tag{7.1}, addresses, and the numbers of figures and such.
        text = re.sub(r"`[^`]*`|\w+\{[^}]*\}|\]\([^)]*\)", "", source(cell))
        text = MENTION.sub("", text)
        for match in re.finditer(r"(?<![\w./-])(\d+\.\d+)(?![\d.]*\d)(\s*\\cdot\s*10)?", text):
            quoted, power = match.groups()
            step = 10.0 ** -len(quoted.split(".")[1])
            pool = mantissas if power else known
            if quoted not in facts and not any(
                abs(number - float(quoted)) <= 0.5000001 * step for number in pool
            ):
                around = text[max(0, match.start() - 30) : match.end() + 10]
                found.append(f"{quoted} comes from no cell: {around!r}")
    return found


def check_file(path: Path, facts: Iterable[str] = ()) -> list[str]:
    """All checks of one file; each finding begins with the file's name."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    found = []
    if path.stat().st_size > MAX_BYTES:
        found.append(f"is {path.stat().st_size:,} bytes, above {MAX_BYTES:,}")
    for check in (check_execution, check_outputs, check_imports, check_pictures, check_claims):
        found += check(notebook)
    found += check_prose_numbers(notebook, facts)
    return [f"{path.name}: {finding}" for finding in found]


def definitions(module: ast.Module) -> dict[str, str]:
    """Return the top-level functions and classes, as text without docstrings and annotations."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: ast.dump(bare(node)) for node in module.body if isinstance(node, kinds)}


def bare(node: ast.AST) -> ast.AST:
    """Remove docstrings and annotations from a definition, in place."""
    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            first = part.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                part.body = part.body[1:] or [ast.Pass()]
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None
    return AnnotationRemover().visit(node)


def without_validators(node: ast.AST) -> ast.AST:
    """Remove the statements ``require_...(...)`` and decorators about formats, in place."""
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef):
            part.decorator_list = [d for d in part.decorator_list if not is_format_matter(d)]
        if isinstance(getattr(part, "body", None), list):
            part.body = [line for line in part.body if not is_validator(line)] or [ast.Pass()]
    return node


def is_validator(line: ast.AST) -> bool:
    """Whether a statement only calls a function whose name begins with ``require_``."""
    call = line.value if isinstance(line, ast.Expr) else None
    name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
    return name.startswith("require_")


def is_format_matter(decorator: ast.AST) -> bool:
    """Whether a decorator is only about floating-point formats that are narrow or missing."""
    return isinstance(decorator, ast.Name) and decorator.id in ("rounded_once", "with_float64")


class AnnotationRemover(ast.NodeTransformer):
    """Turn ``x: int = 0`` into ``x = 0``."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)


def package_definitions(package: Path) -> dict[str, tuple[str, str]]:
    """Return for each top-level public name its module and its text, without validators.

    The exercises are left out: they hold right answers, not what chapters teach.
    """
    found = {}
    for path in sorted(package.rglob("*.py")):
        if "exercises" in path.relative_to(package).parts:
            continue
        module = without_validators(ast.parse(path.read_text(encoding="utf-8")))
        for name, text in definitions(module).items():
            if not name.startswith("_"):
                found[name] = (str(path.relative_to(package)), text)
    return found


def check_definitions(path: Path, package: dict[str, tuple[str, str]]) -> list[str]:
    """A chapter's top-level definition with a name of the package equals the package's.

    Statements of the package that only check arguments (``require_...``) don't count, nor do
    ``rounded_once`` and ``with_float64``, which are about narrow and missing formats.
    """
    found = []
    for cell in code_cells(json.loads(path.read_text(encoding="utf-8"))):
        for name, text in definitions(tree(cell)).items():
            if name in package and package[name][1] != text:
                found.append(f"{path.name}: {name} differs from course_utils/{package[name][0]}")
    return found
