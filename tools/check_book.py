"""Check a built book: links, texts of pictures, other servers, icons, weight. Names the page."""

import argparse
import gzip
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from book_ext.icons import BRANDS, SOLID
from book_pages import Page, is_local, is_remote, read_pages, target

ROOT = Path(__file__).resolve().parents[1]

FIRST_LOAD = 220_000  # bytes, compressed, before anyone scrolls
ALL_PICTURES = 700_000  # the same, with every picture of the page
CSS_ADDRESS = re.compile(r"""url\(\s*['"]?([^'")\s]+)|@import\s+['"]([^'"]+)""")


@cache
def transfer_size(path: Path) -> int:
    """Bytes on the wire: text compressed, pictures and fonts as they are."""
    data = path.read_bytes()
    if path.suffix in {".html", ".css", ".js", ".svg", ".json"}:
        return len(gzip.compress(data, 6, mtime=0))
    return len(data)


def weights(page: Page) -> tuple[int, int]:
    """Compressed bytes of a page at first load, and with every picture."""
    pictures = [target(page.path, a) for a in page.pictures if is_local(a)]
    first = {page.path, *(target(page.path, a) for a in page.loaded if is_local(a))}
    return (
        sum(transfer_size(p) for p in first if p.is_file()),
        sum(transfer_size(p) for p in first | set(pictures) if p.is_file()),
    )


def shows_figure(path: Path, fragment: str) -> bool:
    """Whether a fragment such as ``softmax_playground:temperature=0.1`` sets a figure of a page."""
    name, colon, _state = fragment.partition(":")
    return bool(colon) and f'data-afm="{name.split(".")[0]}"' in path.read_text(encoding="utf-8")


def broken_links(page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    """Addresses that lead to no file, or to no place in it."""
    for address in dict.fromkeys([*page.links, *page.loaded, *page.pictures]):
        if not is_local(address):
            continue
        path, fragment = target(page.path, address), unquote(urlsplit(address).fragment)
        if not path.is_file():
            yield f"link to {address}: there is no such file"
        elif (
            fragment
            and path in pages
            and not (fragment in pages[path].ids or shows_figure(path, fragment))
        ):
            yield f"link to {address}: the page has no place of that name"


def foreign(page: Page) -> Iterator[str]:
    """Addresses on other servers that a browser would load, also from the page's style sheets."""
    for address in dict.fromkeys([*page.loaded, *page.pictures]):
        if is_remote(address):
            yield f"loads {address} from another server"
        elif target(page.path, address).suffix == ".css":
            yield from foreign_in_css(target(page.path, address))


@cache
def foreign_in_css(path: Path) -> tuple[str, ...]:
    """The same for a style sheet."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = (url or imported for url, imported in CSS_ADDRESS.findall(text))
    return tuple(f"{path.name} loads {a} from another server" for a in found if is_remote(a))


def problems(page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    """Everything that is wrong with a page."""
    yield from broken_links(page, pages)
    yield from (f"picture {source} has no alt text" for source in page.without_alt)
    yield from foreign(page)
    for icon in sorted(page.icons - {"solid", "brands", "lg", *SOLID, *BRANDS}):
        yield f"icon {icon} comes with the whole font; name it in tools/book_ext/icons.py"
    first, everything = weights(page)
    if first > FIRST_LOAD:
        yield f"first load is {first / 1e3:.0f} kB compressed, above {FIRST_LOAD / 1e3:.0f} kB"
    if everything > ALL_PICTURES:
        yield f"weighs {everything / 1e3:.0f} kB with pictures, above {ALL_PICTURES / 1e3:.0f} kB"


def check(book: Path) -> list[str]:
    """Return the problems of a built book, each with its page; an empty list if there are none."""
    pages = read_pages(book)
    if not pages:
        return [f"{book}: there is no book; run make book"]
    return [
        f"{path.relative_to(book.resolve()).as_posix()}: {problem}"
        for path, page in pages.items()
        for problem in problems(page, pages)
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("book", nargs="?", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--weights", action="store_true", help="print what each page weighs")
    args = parser.parse_args(argv)
    if args.weights:
        for path, page in read_pages(args.book).items():
            first, everything = weights(page)
            name = path.relative_to(args.book.resolve()).as_posix()
            print(f"{first / 1e3:6.0f} kB first load {everything / 1e3:6.0f} kB in all  {name}")
    found = check(args.book)
    print("\n".join(found) if found else "The book is in order.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
