"""The figures' JavaScript as a page without a kernel loads it: short, and alive from file://."""

from functools import cache

import minify

from course_utils.figures.base import read


def shrink(text: str) -> str:
    """Return JavaScript that does the same in fewer bytes, with a line break at its end.

    Local variables get short names. What stands at the top of a module keeps its own: the
    figures' modules use what ``ui.js`` declares there.

    Raises
    ------
    minify.MinifyError
        The text is no JavaScript; the message has the line.
    """
    return minify.string("text/javascript", text) + "\n"


@cache
def browser_script(name: str) -> str:
    """Return a classic script that hands the module ``name`` to the host (works from file://)."""
    text = shrink(read(f"{name}.js"))
    text = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"(window.AFM??={{}}).{name}='{text}';\n"


def host_script() -> str:
    """Return the classic script that starts every figure of a page; it comes after the modules."""
    return browser_script("ui") + shrink(read("host.js"))
