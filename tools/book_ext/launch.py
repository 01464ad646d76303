"""Buttons to Binder, Colab and the repository: only when the repository's address is set."""


def configure(_, config):
    options = config.html_theme_options
    if options.get("repository_url"):
        options["use_repository_button"] = True
    else:  # buttons without an address would lead nowhere
        for name in ("launch_buttons", "repository_url", "repository_branch"):
            options.pop(name, None)


def setup(app):
    app.connect("config-inited", configure, priority=100)
