"""Reading a built book: the addresses, names and pictures of each page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Tag -> attributes whose address a browser fetches by itself.
LOADED = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "img": ("src", "srcset"),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
}
LOADED_RELATIONS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "manifest"}


@dataclass
class Page(HTMLParser):
    """What the checks need to know of one page."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)  # scripts, style sheets, icons
    pictures: list[str] = field(default_factory=list)
    without_alt: list[str] = field(default_factory=list)
    icons: set[str] = field(default_factory=set)  # of Font Awesome

    def __post_init__(self) -> None:
        """Read the file."""
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses and names that a tag holds."""
        a = {name: value or "" for name, value in attrs}
        self.ids.update(a[name] for name in ("id", "name") if name in a)
        if tag == "a" and "href" in a:
            self.links.append(a["href"])
        elif tag == "link" and LOADED_RELATIONS & set(a.get("rel", "").split()):
            self.loaded.append(a.get("href", ""))
        for attribute in LOADED.get(tag, ()):
            if attribute in a:
                (self.pictures if tag == "img" else self.loaded).append(a[attribute])
        names = a.get("class", "").split()
        if {"fa-solid", "fa-brands"} & set(names):
            self.icons |= {name[3:] for name in names if name.startswith("fa-")}
        # An empty alt says "decoration"; only the logo beside the title is that.
        decoration = "logo__image" in a.get("class", "")
        if tag == "img" and not (a.get("alt", "").strip() or (decoration and "alt" in a)):
            self.without_alt.append(a.get("src", "?")[:80])


def is_remote(address: str) -> bool:
    """Say whether an address names another server."""
    return bool(urlsplit(address).netloc)


def is_local(address: str) -> bool:
    """Say whether an address names a file of the book."""
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc and bool(parts.path or parts.fragment)


def target(page: Path, address: str) -> Path:
    """The file that an address on a page means."""
    path = unquote(urlsplit(address).path)
    return (page.parent / path).resolve() if path else page


def read_pages(book: Path) -> dict[Path, Page]:
    """Every page of a built book by its path."""
    found = sorted(p for p in book.resolve().rglob("*.html") if "_static" not in p.parts)
    return {path: Page(path) for path in found}
