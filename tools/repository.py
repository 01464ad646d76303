"""The repository's address: set once, in _config.yml, and written from there where it is needed.

The book reads the settings itself (``book_ext/launch.py``). What can't is written by
``python tools/repository.py``: the setup cell of each chapter, which on Colab installs the course;
the lines of README.md that get the project; CITATION.cff. While the address is empty, none of them
says a word about it. The build and the tests notice when a file is behind.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from chapter_form import setup_cell

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- tools/repository\.py writes this -->\n).*?(<!-- until here -->)", re.S)


@dataclass(frozen=True)
class Repository:
    """Where the project lives; ``address`` is empty as long as it isn't known."""

    address: str
    branch: str = "main"

    @property
    def name(self) -> str:
        """The last part of the address: the folder that a clone makes."""
        return self.address.rpartition("/")[2]


def read(folder: Path = ROOT) -> Repository:
    """Read the settings of a project.

    Raises
    ------
    ValueError
        The address is no address of a repository.
    """
    settings = yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
    given = settings.get("repository") or {}
    return Repository(checked(given.get("url") or ""), given.get("branch") or "main")


def checked(address: str) -> str:
    """The address without what people leave at its end."""
    plain = address.strip().rstrip("/").removesuffix(".git")
    if plain and not re.fullmatch(r"https://[\w.-]+(/[\w.~-]+){2,}", plain):
        raise ValueError(
            f"repository: url in _config.yml must be empty or like https://github.com/OWNER/NAME, "
            f"got {address!r}"
        )
    return plain


def with_clone(readme: str, repository: Repository) -> str:
    """README.md with the lines that get the project, or without."""
    lines = ""
    if repository.address:
        archive = f"{repository.address}/archive/refs/heads/{repository.branch}.zip"
        lines = (
            f"\n```sh\ngit clone {repository.address}\ncd {repository.name}\n```\n\n"
            f"Without git: take [the zip]({archive}) and unpack it.\n\n"
        )
    return BLOCK.sub(lambda block: f"{block[1]}{lines}{block[2]}", readme)


def with_code(citation: str, repository: Repository) -> str:
    """CITATION.cff with the line ``repository-code``, or without."""
    plain = re.sub(r"(?m)^repository-code:.*\n", "", citation)
    line = f'repository-code: "{repository.address}"\n' if repository.address else ""
    return plain.replace("license:", f"{line}license:", 1)


def with_setup(chapter: str, repository: Repository) -> str:
    """A notebook whose setup cell knows the address, or doesn't."""
    notebook = nbformat.reads(chapter, as_version=4)
    setup = [c for c in notebook.cells if "setup" in c.metadata.get("tags", ())]
    source = setup_cell(repository.address, repository.branch)
    if all(cell.source == source for cell in setup):
        return chapter
    for cell in setup:
        cell.source = source
    return nbformat.writes(notebook) + "\n"


def behind(folder: Path = ROOT) -> dict[Path, str]:
    """Files that don't follow the settings, each with the text that would."""
    repository = read(folder)
    ways = {folder / "README.md": with_clone, folder / "CITATION.cff": with_code}
    ways |= {path: with_setup for path in sorted((folder / "chapters").glob("[0-9]*.ipynb"))}
    texts = {path: path.read_text(encoding="utf-8") for path in ways if path.is_file()}
    wanted = {path: ways[path](text, repository) for path, text in texts.items()}
    return {path: text for path, text in wanted.items() if text != texts[path]}


def main() -> int:
    """Write what is behind and name it."""
    try:
        files = behind()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
        print(f"written: {path.relative_to(ROOT).as_posix()}")
    print(f"The address is {read().address or 'empty'}; every file follows it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
