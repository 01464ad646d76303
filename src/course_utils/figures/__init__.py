"""Interactive figures: live widgets in Jupyter that still respond in the static book.

``base`` holds the class they share, ``traits`` the values they accept, ``sphinx_ext`` ships them
with the book; every other module is one figure, with its front end in ``static/<module>.js``.
"""
