"""Plots of the course: each function draws on the Axes it is given and returns them.

Nothing is computed here but what a drawing needs. ``style`` holds the palette shared with the
interactive figures and the book, ``labels`` what is written.
"""
