"""The book's own Sphinx extension: what Jupyter Book and its theme leave open.

=============  ==========================================================================
module         what it does
=============  ==========================================================================
``assets``     ships MathJax and a handful of icons from installed packages, nothing else
``preflight``  stops the build for a chapter outside the toc or a notebook not executed
=============  ==========================================================================
"""

from . import assets, preflight


def setup(app):
    assets.setup(app)
    preflight.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
