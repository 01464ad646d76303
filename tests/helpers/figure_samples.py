"""One of each figure for the browser tests; those that train have little data."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch
from tiny import tiny_data

from course_utils.data import CLASSES, Split
from course_utils.fashion_mnist import synthetic
from course_utils.figures.backward_pass import BackwardPass
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.calibration_explorer import CalibrationExplorer
from course_utils.figures.decision_explorer import DecisionExplorer
from course_utils.figures.jacobian_explorer import JacobianExplorer
from course_utils.figures.label_suspects import LabelSuspects
from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.overflow_explorer import OverflowExplorer
from course_utils.figures.pair_merge import PairMerge
from course_utils.figures.sampled_classes import SampledClasses
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.figures.training_lab import TrainingLab
from course_utils.figures.what_the_model_sees import WhatTheModelSees
from course_utils.models import SoftmaxRegression
from course_utils.sweep import train_sweep

LRS = (0.01, 0.1, 1.0, 10.0)


@cache
def recorded():
    """Return the tiny data set and a sweep of it; the last run is far above guessing."""
    clean = tiny_data(n=300, classes=10)
    noisy = torch.where(torch.arange(300) % 3 == 0, 0, clean.train.labels)
    data = replace(clean, train=Split(4 * clean.train.images, noisy))
    return data, train_sweep(data, lrs=LRS, num_epochs=20, batch_size=4, seeds=(1,))


def training_lab(**settings) -> TrainingLab:
    data, recording = recorded()
    return TrainingLab(None, data, recording, **settings)


def scores(n: int = 400, k: int = 4):
    """Return logits (n, k) of an overconfident model, and labels."""
    generator = torch.Generator().manual_seed(10)  # error and loss are least at two temperatures
    labels = torch.randint(0, k, (n,), generator=generator)
    logits = torch.randn(n, k, generator=generator, dtype=torch.float64)
    logits[torch.arange(n), labels] += 1.0
    return 2.0 * logits, labels


def calibration_explorer(**settings) -> CalibrationExplorer:
    return CalibrationExplorer(*scores(), **settings)


def what_the_model_sees(**settings) -> WhatTheModelSees:
    """Return the figure of a model with random weights."""
    model = SoftmaxRegression(sigma=0.3, generator=torch.Generator().manual_seed(1))
    return WhatTheModelSees.of(model, CLASSES, **settings)


def label_suspects(n: int = 36, **settings) -> LabelSuspects:
    """Return the figure of drawn images; the labels of the first ``n`` are moved on by one."""
    drawn, labels = synthetic.draw, torch.arange(10).repeat_interleave(60)
    rng = np.random.default_rng(0)
    images = np.concatenate([drawn(k, 60, rng) for k in range(10)])
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    damaged = labels[order]
    damaged[:n] = (damaged[:n] + 1) % 10
    pixels = torch.from_numpy(images)[order].reshape(-1, 28, 28) / 255
    settings = {"shown": 5, "verdicts": [1, 0, 2, 3], "source": "synthetic"} | settings
    return LabelSuspects.of(pixels, damaged, CLASSES, torch.arange(n), **settings)


SAMPLES = {
    "softmax_playground": SoftmaxPlayground,
    "jacobian_explorer": JacobianExplorer,
    "loss_explorer": LossExplorer,
    "overflow_explorer": OverflowExplorer,
    "backward_pass": lambda: BackwardPass(stage=4),
    "label_suspects": label_suspects,
    "pair_merge": PairMerge,
    "sampled_classes": SampledClasses,
    "browser_regression": BrowserRegression,
    "training_lab": training_lab,
    "calibration_explorer": calibration_explorer,
    "decision_explorer": DecisionExplorer,
    "what_the_model_sees": what_the_model_sees,
}
