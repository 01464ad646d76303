"""Make the figures' JavaScript small before it is shipped: no comments, short variable names."""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from string import ascii_uppercase
from types import MappingProxyType

from course_utils.figures.javascript import Code, is_name

JOINS_BEFORE, JOINS_AFTER = "{([,;:?=&|<>*", "})],;.:?&|"  # a line break here ends no statement
LETTERS = "etaoinsrlcdupmhgfbyvkwxzjq" + ascii_uppercase + "_$"  # common ones first, to repeat
NONE: Mapping[str, str] = MappingProxyType({})


def _short() -> Iterator[str]:
    yield from LETTERS
    yield from filter(is_name, map("".join, product(LETTERS, LETTERS)))


def _by_use(codes: list[Code], names: set[str]) -> list[str]:
    return sorted(names, key=lambda name: (-sum(len(code.names[name]) for code in codes), name))


def shared_names(common: str, modules: list[str]) -> dict[str, str]:
    """Return short forms for what ``common`` declares for the modules that follow it."""
    codes = [Code(text) for text in (common, *modules)]
    return dict(zip(_by_use(codes, codes[0].top()), _short(), strict=False))


def short_names(text: str, shared: Mapping[str, str] = NONE) -> dict[str, str]:
    """Return short forms for the variables of a module; the ``shared`` ones are settled.

    A name gets the same form wherever it stands. Two names get the same one where no scope sees
    both. What the module exports or does not declare keeps its name, and so does each property.
    """
    code = Code(text)
    code.declare_around(set(shared))
    kept = {name for name in code.names if name in code.exported or not code.is_known(name)}
    found = dict(shared)
    holders = {form: [name] for name, form in found.items()}  # who has a form already

    def fits(name: str, form: str) -> bool:
        return form not in kept and not any(code.clash(name, h) for h in holders.get(form, []))

    for name in _by_use([code], set(code.names) - kept - set(found)):
        found[name] = next(form for form in _short() if fits(name, form))
        holders.setdefault(found[name], []).append(name)
    return found


def _gap(blank: str, last: str, following: str) -> str:
    """Return what must stay of white space between two characters of code."""
    if blank == "\n" and last not in JOINS_BEFORE and following not in JOINS_AFTER:
        return "\n"
    words = re.match(r"[\w$]{2}|\+\+|--", last + following)
    return " " if words else ""


def shrink(text: str, names: Mapping[str, str] = NONE) -> str:
    """Return JavaScript that does the same in fewer bytes; ``names`` says how to call variables.

    Every ``const`` becomes ``let``: what assigned to a constant would no longer fail.
    """
    code, parts, last = Code(text), [], ";"
    following = [*code.code[1:], ""]
    changed = {i for name in names for i in code.names.get(name, ())}
    for i, (token, blank) in enumerate(zip(code.code, code.blanks, strict=True)):
        if token == ";" and following[i] == "}" and not code.is_after_head(i):
            continue
        short = names[token] if i in changed else token
        if token == "const" and following[i] != ":":
            short = "let"
        if i in code.shorthand and short != token:
            short = f"{token}:{short}"
        parts += [_gap(blank, last, token[0]) if blank else "", short]
        last = token[-1]
    return "".join(parts)
