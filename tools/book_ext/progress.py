"""What a reader has done: a tick for each exercise, a line at each chapter's end, all in the map.

The build writes what there is to do; ``progress.js`` fills in what was done, as the reader's
browser has kept it. Without a script, and on paper, nothing of it is seen (book.css).
"""

import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

FOLDER = "chapters/"


def tasks(path: Path) -> dict[str, str]:
    """What can be done in a chapter's notebook: its number, the keys of questions and exercises."""
    exercises: list[str] = []
    questions: list[str] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            exercises += re.findall(r"(?m)^#+ Exercise (\d+\.\d+)", "".join(cell["source"]))
        for output in cell.get("outputs", ()):
            html = "".join(output.get("data", {}).get("text/html", ""))
            for state in re.findall(
                r'data-afm="quiz"><script[^>]*>(.*?)</script>', html, re.DOTALL
            ):
                questions.append(json.loads(state)["key"])
    return {
        "chapter": str(int(path.name.split("_")[0])),
        "questions": " ".join(questions),
        "exercises": " ".join(exercises),
    }


def attributes(found: dict[str, str]) -> str:
    """The same as attributes of an HTML element."""
    return " ".join(f'data-{name}="{escape(value)}"' for name, value in found.items())


def tick(key: str, label: str) -> str:
    """A box to tick; a browser must not fill it in by itself when a page is loaded again."""
    box = f'<input type="checkbox" autocomplete="off" data-mark="{key}">'
    return f"<label>{box} {label}</label>"


class AddTicks(SphinxTransform):
    """A tick below each exercise, and the line at the end of a chapter."""

    default_priority = 201  # after `chapters` has given exercises their anchors

    def apply(self, **kwargs):
        docname = self.env.docname
        if not docname.startswith(FOLDER):
            return
        for section in list(self.document.findall(nodes.section)):
            if found := re.match(r"exercise-(\d+)-(\d+)$", section["ids"][0]):
                number = f"{found[1]}.{found[2]}"
                html = f'<p class="mine">{tick(number, f"Exercise {number} is done")}</p>'
                section += nodes.raw("", html, format="html")
        home = self.app.builder.get_relative_uri(docname, self.config.root_doc)
        landing = Path(self.env.doc2path(self.config.root_doc))
        has_map = "{chapter-map}" in landing.read_text(encoding="utf-8")
        overview = f'<a href="{home}#your-progress">All chapters</a>' if has_map else ""
        found = tasks(Path(self.env.doc2path(docname)))
        html = (
            f'<div class="mine mine-end" role="group" aria-label="What you have done">'
            f"{tick(found['chapter'], 'I have read this chapter')} "
            f'<span {attributes(found)}></span> <span class="mine-where"></span> '
            f"{overview}</div>"
        )
        self.document += nodes.raw("", html, format="html")


#: Below the map: everything at once, to keep and to take along.
OVERVIEW = """<details class="mine" id="your-progress"><summary>Your progress</summary>
<p><span class="mine-where"></span> A chapter is read when you tick it at its end, an exercise done
when you tick it below its solution; questions count once they are answered. A saved file can be
loaded in another browser, and so can a report that the exercises saved in a notebook
(<code>report().save("report.json")</code>).</p>
<p><button type="button">Save to a file</button>
<button type="button">Load a file</button>
<button type="button">Forget all</button>
<input type="file" accept=".json" aria-label="A file with progress" hidden></p>
<p role="status"></p></details>"""


def setup(app):
    app.add_transform(AddTicks)
    app.add_js_file("progress.js", loading_method="defer", priority=590)
    app.add_js_file("overview.js", loading_method="defer", priority=595)
