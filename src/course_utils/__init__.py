"""Shared helpers of the softmax regression course.

Each module is imported by name from the chapters; nothing is re-exported here.

========================  =====================================================
module                    what it holds
========================  =====================================================
``checks``                argument checks: they name the argument, value, remedy
``data``                  Fashion-MNIST in memory and minibatches of it
``sources``               local files, a download or the stand-in, in this order
``idx``                   the four files: their format and their checksums
``download``              fetching them within time limits, all or nothing
``resizing``              pictures at another size
``synthetic``             the seeded stand-in for the data set
``torchvision_compat``    ``import torchvision`` beside a CPU-only torch
``softmax``, ``losses``   the mathematics: pure functions on tensors
``rounding``              published bounds on rounding errors
``models``                softmax regression with explicit parameters
``training``              one epoch, evaluation, ``fit``
``history``               what ``fit`` returns
``sweep``                 several seeds and learning rates trained in one pass,
                          on ``side_by_side``
``metrics``               accuracy, confusion matrix, recall, precision
``calibration``           reliability, calibration error, temperature scaling
``decisions``             the action with the least expected cost
``online``, ``sampling``  softmax over very many classes: one pass, or samples
``text``                  the course's own words, as a next-word task
``distributed``           data-parallel training; ``class_parallel`` splits classes
``launching``             starting worker processes, with ``processes``, ``ports``
``measure``, ``memory``   processor time and tensor memory of a function
``threads``               a limit to torch's threads, for a while
``plots``                 draw on a given Axes and return it
``runner``                training in a background thread that can be stopped
``panel``                 the training panel of plain ipywidgets
``figures``               interactive figures, alive with and without a kernel
``exercises``             checks for the exercises
========================  =====================================================
"""
