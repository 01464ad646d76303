"""Shared helpers of the softmax regression course.

Each module is imported by name from the chapters; nothing is re-exported here.
``python tools/package_index.py`` lists which chapter teaches and which use each name.

======================  =======================================================
module                  what it holds
======================  =======================================================
``softmax, losses``     the mathematics: pure functions on tensors
``error_bounds``        published bounds on rounding errors
``online, sampling``    softmax over very many classes: one pass, or samples
``blockwise``           cross-entropy that never holds all scores at once
``metrics``             accuracy, confusion matrix, recall, precision
``calibration``         reliability, calibration error, temperature scaling
``decisions``           the action with the least expected cost
``data``                Fashion-MNIST in memory and minibatches of it
``fashion_mnist``       its files: local, downloaded, or drawn by code
``text``                the course's own words, as a next-word task
``models``              softmax regression with explicit parameters
``training, history``   one epoch, evaluation, ``fit`` and what it returns
``sweep``               several seeds and learning rates trained in one pass
``threads``             a run in the background; a limit to torch's threads
``parallel``            processes: launching, data-parallel, class-parallel
``profiling``           processor time and tensor memory of a function
``validation``          argument checks: they name argument, value and remedy
``plots``               draw on a given Axes and return it
``figures``             interactive figures, alive with and without a kernel
``exercises``           the exercises' judges, their grading and their sandbox
======================  =======================================================
"""
