"""Several processes: the only code that starts them or makes them talk to each other.

==================  ==============================================================
module              what it holds
==================  ==============================================================
``launching``       start a script with torchrun, and an end to all it starts
``distributed``     data-parallel training: gradients are summed over processes
``class_parallel``  the classes of one softmax, shared out over processes
==================  ==============================================================
"""

from pathlib import Path

#: The folder of the scripts that chapter 11 starts, wherever a notebook was started.
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
