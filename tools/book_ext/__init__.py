"""The book's own Sphinx extension: what Jupyter Book and its theme leave open.

================  ==========================================================================
module            what it does
================  ==========================================================================
``assets``        static files, each page only what it uses
``chapters``      plain Markdown of the chapters, dressed: boxes, figures, numbers, citations, folds
``figures``       the interactive figures: each page loads those that stand on it
``formulas``      formulas as MathML, and the font for them
``highlighting``  code in colours, with fewer elements
``icons``         the theme's icons as two small fonts
``lab_images``    the images for training in the page, packed from the data set that is found
``landing``       directives of the landing page: a live figure, the chapter map
``languages``     the role {zh} for the glossary's Chinese terms
``launch``        buttons to Binder and Colab, once the repository has an address
``markup``        repairs for screen readers and narrow windows
``palette``       the plots' colours for the style sheet
``pictures``      alt text, size, weight and dark mode of pictures
``preflight``     stops the build for a chapter outside the toc or a notebook not executed
``progress``      what a reader has done: ticks in chapters, a line for each in the map
``teaching``      directive of the teachers' page: which chapter builds on which
``terms``         links from a chapter's words to the glossary
================  ==========================================================================
"""

from importlib import import_module

WITH_SETUP = (
    "assets",
    "chapters",
    "figures",
    "formulas",
    "highlighting",
    "lab_images",
    "landing",
    "languages",
    "launch",
    "markup",
    "pictures",
    "preflight",
    "progress",
    "teaching",
    "terms",
)


def setup(app):
    for name in WITH_SETUP:
        import_module(f".{name}", __package__).setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
