"""Enough of JavaScript's grammar to shorten the figures' modules without changing what they do.

It reads the dialect the modules are written in: statements end with a semicolon, names come from
``const``, ``let``, ``function``, ``class``, parameters and ``catch``, classes have methods and no
fields, and there are no labels, no ``var``, no ``switch``.
"""

import re
from collections import defaultdict

Scope = tuple[int, int]  # positions of the first and the last token

BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/[a-z]*")
PIECE = re.compile(r"[`}](?:\\.|\$(?!\{)|[^`\\$])*(?:`|\$\{)", re.DOTALL)  # of a template literal
NAME = re.compile(r"[A-Za-z_$][\w$]*")
TOKEN = re.compile(
    r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
    r"|0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
    r"|[A-Za-z_$][\w$]*|=>|\.\.\.|\?\.(?!\d)|\?\?|&&|\|\||\+\+|--|.",
    re.IGNORECASE | re.DOTALL,
)
KEYWORD = re.compile(
    "async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|false"
    "|finally|for|from|function|get|if|import|in|instanceof|let|new|null|of|return|set|static"
    "|super|switch|this|throw|true|try|typeof|undefined|var|void|while|yield"
)
BEFORE_REGEX = {*"(,=:[!&|?{};", "=>", "&&", "||", "??", "return"}
BEFORE_OBJECT = {*"(,=:[!?", "&&", "||", "??", "...", "return", "const", "let", "default"}
HEADS = {"if", "for", "while"}  # their parentheses hold no parameters


def tokens(text: str) -> list[str]:
    """Return the tokens of a module; a blank token says whether it held a line break.

    A template literal comes in pieces: "`text${", the tokens of its code, "}more text`".
    """
    found: list[str] = []
    depths: list[int] = []  # braces open in the code of each template around
    last, i = ";", 0
    while i < len(text):
        if blank := BLANK.match(text, i):
            found.append("\n" if "\n" in blank[0] else " ")
            i = blank.end()
            continue
        resumes = text[i] == "}" and depths and depths[-1] == 0
        if text[i] == "`" or resumes:
            match = PIECE.match(text, i)
        elif text[i] == "/" and (last in BEFORE_REGEX or last.endswith("${")):
            match = REGEX.match(text, i)
        else:
            match = TOKEN.match(text, i)
        if not match:
            raise ValueError(f"JavaScript not understood: {text[i : i + 40]!r}")
        last, i = match[0], match.end()
        found.append(last)
        if resumes:
            depths.pop()
        if last.endswith("${"):
            depths.append(0)
        elif depths and last in ("{", "}") and not resumes:
            depths[-1] += 1 if last == "{" else -1
    return found


def is_name(token: str) -> bool:
    """Return whether the token is an identifier."""
    return bool(NAME.fullmatch(token)) and not KEYWORD.fullmatch(token)


class Code:
    """The tokens of a module without blanks, its brackets matched and its names found.

    ``names`` holds the positions of each name where it stands for a variable, ``scopes`` the
    scopes that declare it, ``shorthand`` the positions where ``{ name }`` is key and variable.
    """

    def __init__(self, text: str):
        self.code: list[str] = []
        self.blanks: list[str] = []  # the white space before each token: "", " " or "\n"
        blank = ""
        for token in tokens(text):
            if token.strip():
                self.code.append(token)
                self.blanks.append(blank)
            blank = "" if token.strip() else token
        self.closes: dict[int, int] = {}
        self.parents: list[int] = []  # position of the bracket around each token
        self.names: dict[str, list[int]] = defaultdict(list)
        self.scopes: dict[str, set[Scope]] = defaultdict(set)
        self.shorthand: set[int] = set()
        self._match_brackets()
        self.opens = {close: start for start, close in self.closes.items()}
        self._find_names()
        self._find_scopes()

    def _match_brackets(self) -> None:
        around = [-1]
        for i, token in enumerate(self.code):
            if token[0] in ")]}" and len(around) > 1:
                self.closes[around.pop()] = i
            self.parents.append(around[-1])
            if token in ("(", "[", "{") or token.endswith("${"):
                around.append(i)
        if len(around) > 1 or len(self.closes) != sum(token[0] in ")]}" for token in self.code):
            raise ValueError("JavaScript not understood: its brackets don't match")
        self.closes[-1] = len(self.code)

    def _kind(self, brace: int) -> str:
        """Return what the brace opens: "object" (or a pattern), "class" or "block"."""
        if brace < 0 or self.code[brace] != "{":
            return ""
        before = self.code[brace - 1] if brace else ";"
        if before in BEFORE_OBJECT or before.endswith("${"):
            return "object"
        return "class" if self.code[brace - 2] in ("class", "extends") else "block"

    def _find_names(self) -> None:
        code = [*self.code, ";"]
        for i, token in enumerate(self.code):
            if not is_name(token) or code[i - 1] in (".", "?."):
                continue
            kind = self._kind(self.parents[i])
            is_entry = kind == "object" and code[i - 1] in ("{", ",")
            if kind == "class" or (is_entry and code[i + 1] in (":", "(")):
                continue
            self.names[token].append(i)
            if is_entry:
                self.shorthand.add(i)

    def _after(self, i: int) -> int:
        """Return the position after the token at ``i``, or after the group it opens."""
        while i in self.closes:
            i = self.closes[i]
        return i + 1

    def _end(self, i: int, stops: tuple[str, ...]) -> int:
        """Return where the code from ``i`` meets one of ``stops`` or the end of its group."""
        end = self.closes[self.parents[i]]
        while i < end and self.code[i] not in stops:
            i = self._after(i)
        return min(i, end)

    def _declare(self, i: int, end: int, scope: Scope) -> None:
        """Declare the targets in a list such as ``a, [b, c] = d, { e, f: g = h }, ...i``."""
        expected = True
        while i < end:
            if self.code[i] == ",":
                expected = True
            elif expected and self.code[i] in ("[", "{"):
                self._declare(i + 1, self.closes[i], scope)
                expected = False
            elif expected and i in self.names.get(self.code[i], ()):
                self.scopes[self.code[i]].add(scope)
                expected = False
            i = self._after(i)

    def _find_scopes(self) -> None:
        code, bodies = self.code, {-1: (-1, len(self.code))}
        for i, token in enumerate(code):
            block = self.parents[i]
            while self._kind(block) != "block" and block >= 0:
                block = self.parents[block]
            here = bodies.get(block, (block, self.closes[block]))
            if token in ("function", "class") and is_name(code[i + 1]):
                self.scopes[code[i + 1]].add(here)
            elif token in ("const", "let"):
                self._declare(i + 1, self._end(i + 1, (";",)), here)
            elif token == "=>":
                start = self.opens.get(i - 1, i - 1)
                braced = code[i + 1] == "{"
                end = self.closes[i + 1] if braced else self._end(i + 1, (",", ";"))
                self._declare(start + (code[start] == "("), i, (start, end))
                if braced:
                    bodies[i + 1] = (start, end)
            elif token == "{" and code[i - 1] == ")":
                start, end = self.opens[i - 1], self.closes[i]
                if code[start - 1] not in HEADS:  # a function, a method, catch
                    self._declare(start + 1, i - 1, (start, end))
                    bodies[i] = (start, end)

    def is_after_head(self, i: int) -> bool:
        """Return whether the token at ``i`` is the whole body of ``while (…)`` or the like."""
        return self.code[i - 1] == ")" and self.code[self.opens[i - 1] - 1] in HEADS

    def top(self) -> set[str]:
        """Return the names declared outside all blocks."""
        return {name for name, scopes in self.scopes.items() if (-1, len(self.code)) in scopes}

    def declare_around(self, names: set[str]) -> None:
        """Declare names that another module brings."""
        for name in names:
            self.scopes[name].add((-1, len(self.code)))

    @property
    def exported(self) -> set[str]:
        """The names of exported functions: ``export function name``."""
        pairs = zip(self.code, self.code[2:], strict=False)
        return {name for word, name in pairs if word == "export" and is_name(name)}

    def clash(self, one: str, other: str) -> bool:
        """Return whether a variable would be hidden if both names became the same."""
        return self._hides(one, other) or self._hides(other, one)

    def _hides(self, name: str, outer_name: str) -> bool:
        return any(
            scope == outer or (_within(scope, outer) and self._is_used(outer_name, scope))
            for scope in self.scopes[name]
            for outer in self.scopes[outer_name]
        )

    def _is_used(self, name: str, scope: Scope) -> bool:
        return any(scope[0] <= i <= scope[1] for i in self.names[name])

    def is_known(self, name: str) -> bool:
        """Return whether each use of the name lies in a scope that declares it."""
        return all(
            any(start <= i <= end for start, end in self.scopes[name]) for i in self.names[name]
        )


def _within(inner: Scope, outer: Scope) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
