"""Plots of the course: each function draws on a given Axes and returns it.

One module per theme. ``style`` holds the palette shared with the interactive figures and the book.
"""
