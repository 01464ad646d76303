"""What needs the repository's address: buttons, and parts of pages that name it.

While ``repository: url`` in _config.yml is empty, there are none: a button without an address would
lead nowhere. ``tools/repository.py`` says where else the address is needed.
"""

from pathlib import Path

import repository
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ConfigError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
BUTTONS = ("use_repository_button", "use_edit_page_button", "use_issues_button")


class WithAddress(SphinxDirective):
    """``{with-address}``: its content where the repository has an address, else nothing.

    ``{address}``, ``{name}`` and ``{branch}`` stand for what the settings say.
    """

    has_content = True
    with_one = True

    def run(self) -> list[nodes.Node]:
        options = self.config.html_theme_options
        found = repository.Repository(
            options.get("repository_url", ""), options.get("repository_branch", "main")
        )
        if bool(found.address) != self.with_one:
            return []
        text = "\n".join(self.content)
        for word in ("address", "name", "branch"):
            text = text.replace(f"{{{word}}}", getattr(found, word))
        body = nodes.container()
        lines = StringList(text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, body)
        return body.children


class WithoutAddress(WithAddress):
    """``{without-address}``: its content where the repository has no address."""

    with_one = False


def configure(_, config):
    options = config.html_theme_options
    try:
        options["repository_url"] = repository.checked(options.get("repository_url") or "")
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if options["repository_url"]:
        options |= dict.fromkeys(BUTTONS, True)
    else:
        for name in ("launch_buttons", "repository_url", "repository_branch"):
            options.pop(name, None)


def check(app, env, docnames):
    for path in repository.behind(Path(app.srcdir)):
        name = path.relative_to(app.srcdir).as_posix()
        logger.warning(f"{name} does not follow the address in _config.yml; "
                       "run python tools/repository.py")  # fmt: skip


def setup(app):
    app.add_directive("with-address", WithAddress)
    app.add_directive("without-address", WithoutAddress)
    app.connect("config-inited", configure, priority=100)
    app.connect("env-before-read-docs", check)
