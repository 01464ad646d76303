"""Take comments and idle white space out of the figures' JavaScript before it is shipped."""

import re

REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/[a-z]*")
STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
WORD = re.compile(r"[\w$]+")
JOINS_BEFORE, JOINS_AFTER = "{([,;:?=&|<>*", "})],;.:?&|"  # a line break here ends no statement


def _end_of_code(text: str, i: int) -> int:
    """Return where the code that starts at ``i`` in a template literal meets its closing brace."""
    depth = 1
    while depth:
        i = _end_of_template(text, i) if text[i] == "`" else i + 1
        depth += {"{": 1, "}": -1}.get(text[i - 1], 0)
    return i


def _end_of_template(text: str, i: int) -> int:
    """Return where the template literal that starts at ``i`` ends; literals may nest."""
    i += 1
    while text[i] != "`":
        if text.startswith("${", i):
            i = _end_of_code(text, i + 2)
        else:
            i += 2 if text[i] == "\\" else 1
    return i + 1


def _token(text: str, i: int, last: str) -> str:
    """Return the token at ``i``; ``last`` is the character of code before it."""
    if text[i] == "`":
        return text[i : _end_of_template(text, i)]
    is_regex = text[i] == "/" and last in "(,=:[!&|?{};"
    match = REGEX.match(text, i) if is_regex else STRING.match(text, i)
    match = match or WORD.match(text, i)
    return match[0] if match else text[i]


def _gap(blank: str, last: str, following: str) -> str:
    """Return what must stay of white space between two characters of code."""
    if "\n" in blank and last not in JOINS_BEFORE and following not in JOINS_AFTER:
        return "\n"
    words = re.match(r"[\w$]{2}|\+\+|--", last + following)
    return " " if words else ""


def shrink(text: str) -> str:
    """Return JavaScript that does the same without comments and idle white space."""
    parts, last, i = [], ";", 0
    while i < len(text):
        if blank := BLANK.match(text, i):
            i = blank.end()
            parts.append(_gap(blank[0], last, text[i : i + 1] or ";"))
        else:
            parts.append(_token(text, i, last))
            i += len(parts[-1])
            last = parts[-1][-1]
    return "".join(parts).strip()
