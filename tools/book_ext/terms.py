"""The first use of each of the glossary's terms in a chapter leads to its entry.

The notebooks stay plain: the links are made while the book is built. The entry's words, as far as
its first formula with more than symbols, stand in the link's ``title``: it shows on hovering.
"""

import re

from docutils import nodes

GLOSSARY = "pages/glossary"

# Words that also have another sense, with the chapters whose first use has the glossary's.
CHAPTERS = {
    "bias": "(?!06)",  # there a choice has "selection bias"
    "bit": "03",  # elsewhere two results are equal "bit for bit"
    "precision": "09",  # 4 is about the precision of numbers
    "rank": "11",  # 2 has the rank of a matrix, 10 that of a word
    "scores": "(?!06)",  # there a guess "scores 0.9"
    "weight": "(?!02)",  # there one is told to weight entries
}

# Where words are names, links or headings already.
CLOSED = (
    nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw,
    nodes.title, nodes.caption, nodes.rubric, nodes.table,
)  # fmt: skip


def definition(entry: nodes.definition) -> str:
    """Return what an entry says, as far as its first formula with more than symbols."""
    said = ""
    for text in entry.findall(nodes.Text):
        plain = re.sub(r"\\mathbf\s*\{?(\w)\}?", r"\1", text)
        if isinstance(text.parent, nodes.math) and re.search(r"[\\{]", plain):
            return re.sub(r"[,;:.][^,;:.]*$", "", said).strip() + "."
        if not isinstance(text.parent, nodes.raw):
            said += plain
    return re.sub(r"\s*See [^.]*\.\s*$", "", said).strip()


def glossary(env) -> dict[str, tuple[str, str]]:
    """Return the anchor and the words of each term, by the term in lower case."""
    found = {}
    for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        [entry] = [child for child in item if isinstance(child, nodes.definition)]
        for term in item:
            if isinstance(term, nodes.term):
                found[term.astext().lower()] = (term["ids"][0], definition(entry))
    return found


def pattern(terms) -> re.Pattern:
    """Return a pattern for any of the terms, the longest first, in singular and plural."""
    forms: list[str] = []
    for term in sorted(terms, key=len, reverse=True):
        stem = re.escape(term)
        plural = f"{stem[:-1]}(?:y|ies)" if term.endswith("y") else f"{stem}(?:e?s)?"
        forms.append(f"(?P<t{len(forms)}>{plural})")
    return re.compile(rf"(?<![\w-])(?:{'|'.join(forms)})(?![\w-])", re.IGNORECASE)


def open_texts(node: nodes.Element):
    """Yield the texts that may hold a link, each with its parent."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child, node
        elif not isinstance(child, CLOSED):
            yield from open_texts(child)


def first_uses(texts, chapter: str, terms: dict[str, tuple[str, str]]):
    """Yield each text and its parent, with the matches that are first uses and their terms."""
    names = sorted(terms, key=len, reverse=True)
    regex = pattern(terms)
    seen: set[str] = set()
    for text, parent in texts:
        hits = []
        for match in regex.finditer(text):
            term = names[int((match.lastgroup or "t0")[1:])]
            entry = terms[term][1]
            if entry not in seen and re.match(CHAPTERS.get(term, ""), chapter):
                seen.add(entry)
                hits.append((match, term))
        if hits:
            yield text, parent, hits


def link(app, doctree, docname: str) -> None:
    if not docname.startswith("chapters/") or GLOSSARY not in app.env.found_docs:
        return
    terms = glossary(app.env)
    target = app.builder.get_relative_uri(docname, GLOSSARY)
    texts = list(open_texts(doctree))
    for text, parent, hits in first_uses(texts, docname.removeprefix("chapters/"), terms):
        end, parts = 0, []
        for match, term in hits:
            anchor, words = terms[term]
            options = {"refuri": f"{target}#{anchor}", "reftitle": words, "internal": True}
            parts.append(nodes.Text(text[end : match.start()]))
            parts.append(nodes.reference("", match.group(), classes=["term-link"], **options))
            end = match.end()
        parts.append(nodes.Text(text[end:]))
        at = next(i for i, child in enumerate(parent.children) if child is text)
        parent[at : at + 1] = [part for part in parts if part.astext()]


def setup(app):
    app.connect("doctree-resolved", link)
