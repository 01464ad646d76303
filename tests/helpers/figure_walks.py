"""Which figures are walked through, and by which more ways; run it to store what they say."""

from base64 import b64encode

from figure_samples import SAMPLES, label_suspects, training_lab, what_the_model_sees
from figure_words import SKIP, STORED, walk

from course_utils.figures.backward_pass import BackwardPass
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.decision_explorer import DecisionExplorer
from course_utils.figures.quiz import Quiz
from course_utils.figures.training_lab import TrainingLab

#: Figures in their first state; what follows a figure's name tells its walks apart.
WALKS = SAMPLES | {
    "backward_pass": BackwardPass,
    "training_lab": lambda: lab(epochs=2),
    "training_lab in a page": lambda: in_page(lab(epochs=3), **{"train-4": 7}),
    "training_lab of regimes": lambda: in_page(lab(question="regimes")),
    "training_lab of batch sizes": lambda: in_page(lab(question="batch sizes")),
    "what_the_model_sees in a page": lambda: in_page(biased(silhouette=4)),
    "decision_explorer": lambda: DecisionExplorer(cost=[0, 20, 40, 100, 30, 10]),
    "label_suspects": lambda: label_suspects(shown=0, verdicts=[]),
    "browser_regression": BrowserRegression,
    "quiz": lambda: Quiz("9.a", "Which?", [("this", "It is."), ("that", "It was.")], 0),
}


def lab(**settings) -> TrainingLab:
    """Return the lab with runs whose numbers were not trained, but are the same everywhere."""
    figure = training_lab(**settings)
    runs = [
        {
            "train_loss": [2.1 - k / 8, 1.5 - k / 9, 1.25 + k * k / 3],
            "train_accuracy": [0.31 + k / 20, 0.52 + k / 30, 0.61 + k / 40],
            "test_accuracy": [0.29 + k / 25, 0.47 + k / 35, 0.56 + k / 45],
            "diverged": k == 3, "stopped": False, "remark": ["", "", "", "it swings"][k],
            "confusion": [(7 * i + 11 * j + k) % 13 + 40 * (i == j) for i in range(10)
                          for j in range(10)],
        }
        for k in range(4)
    ]  # fmt: skip
    figure.recording = figure.recording | {"runs": runs, "num_epochs": 3, "batch_size": 24}
    return figure


def in_page(figure, **files):
    """Return the figure as on a page beside which lie some images, and these ``files``."""
    images = b"".join(bytes((7 * k + p * (k + 3)) % 256 for p in range(392)) for k in range(10))
    texts = ["trainer", *(f"train-{i}" for i in range(4))]
    figure.page = {
        "at": {"folder": "_static/", "train": 24, "partSize": 2500, "partBytes": 654_321},
        "files": dict.fromkeys(texts, "text")
        | {"test-0": b64encode(bytes(range(10)) + images).decode()}
        | files,
    }
    return figure


def biased(**settings):
    """Return the figure of a model whose biases differ."""
    figure = what_the_model_sees(**settings)
    figure.model = figure.model | {"bias": [0.3 * (k * k % 11) - 1 for k in range(10)]}
    return figure


def train(**settings) -> list[dict]:
    """Set these, then press Train."""
    return [{"set": settings}, {"click": "Train"}]


TIMES = "\N{MULTIPLICATION SIGN}"
#: A change foretold in the backward pass, wrongly, and seen.
FORETOLD = [{"on": "foretold", "to": "0.5"}, {"click": "Let it grow"}]

#: What is seen only after several steps, or in states without a button.
WAYS = {
    "softmax_playground": [
        [SKIP, {"set": {"logits": [1, 2, 3, 0, -2, -1], "stage": "score"}}, {"wide": 290}],
        [SKIP, {"set": {"logits": [0, 0, -30]}}],
        [SKIP, {"set": {"temperature": 99}}],
        [SKIP, {"set": {"temperature": "hot"}}],
    ],
    "backward_pass": [
        [SKIP, *({"set": {"stage": n}} for n in range(7))],
        [
            SKIP,
            *(
                step
                for box, name in zip(
                    ("l", "z1", "Q", "e2", "z3", "z1"),
                    ("1", "-1", "1/Q", "1", "exp z", "+"),
                    strict=True,
                )
                for step in (
                    *(FORETOLD if name in ("1/Q", "exp z", "+") else []),
                    {"on": f"nudge.{box}", "to": "0.5"},
                    {"click": name},
                )
            ),
            {"on": "nudge.z1", "to": "1"},
            {"on": "nudge.z1", "to": "0.01"},
        ],
        [
            SKIP,
            *({"click": c} for c in ("Q", "1", "1", "-1")),
            *FORETOLD,
            *({"click": c} for c in ("Q", "1/Q", "exp z", "1")),
            *FORETOLD,
            {"click": "Q"},
        ],
        [SKIP, {"set": {"stage": 5}}, *FORETOLD, {"click": TIMES}],
        [SKIP, {"set": {"stage": 4, "logits": [0, 0, 0]}}, *FORETOLD, {"click": "1"}],
        [SKIP, {"set": {"stage": 6, "logits": [0, 4, 0]}}, {"click": "Walk with class 2"}],
        [
            SKIP,
            {"set": {"stage": 6}},
            {"click": "Walk with class 2"},
            {"on": "guess.0", "to": "0"},
            {"click": "z₁"},
            {"click": "z₂"},
            {"click": "Walk with class 3"},
            {"click": "z₃"},
            {"click": "Walk with other logits"},
        ],
        [
            SKIP,
            {"set": {"stage": 6}},
            *({"on": "nudge.z1", "to": to} for to in ("1", "0.01")),
            {"click": "Walk with class 2"},
            *({"on": f"guess.{i}", "to": to} for i, to in enumerate(("0.24", "-0.33", "0.09"))),
            {"click": "z₂"},
            *({"set": {"logits": z}} for z in ([0, 0.69, 0], [-2, 4, -2], [1, 2, 0])),
            {"click": "Walk with class 3"},
            *({"on": f"guess.{i}", "to": "0.5"} for i in range(3)),
            {"click": "z₃"},
            *[{"click": "Back"}] * 6,
            {"set": {"stage": 6}},
            {"on": "nudge.l", "to": "0.5"},
            {"click": "Move the logits"},
        ],
        *(
            [SKIP, {"set": {"stage": 6}}, {"click": chip}, {"click": "z₁"}]
            for chip in ("sure and right", "sure and wrong", "undecided")
        ),
        *([{"click": answer}, {"set": {"stage": 6}}] for answer in ("p", "-1", "p - 1")),
    ],
    "jacobian_explorer": [
        [
            SKIP,
            *({"on": "nudge", "to": to} for to in ("0.02", "0")),
            *({"set": {"measured": [0, 0.02, by], "nudge": 0.02}} for by in (0, 0.02)),
            {"set": {"nudge": 0}},
        ],
        [
            SKIP,
            {"set": {"measured": [0, 0.02, 0], "nudge": 0.02}},
            *({"on": f"guess.{i}", "to": to} for i, to in ((0, "0.1"), (1, "-0.1"))),
            {"click": "Check"},
            *({"on": f"guess.{i}", "to": to} for i, to in ((0, "0.05"), (1, "-0.05"))),
            {"click": "Check"},
            *({"on": f"guess.{i}", "to": to} for i, to in ((0, "-0.02"), (1, "-0.01"))),
            {"on": "guess.2", "to": "0.035"},
            {"click": "Check"},
            *[{"click": "Halve the nudge"}] * 2,
            {"set": {"logits": [1, 1, -5]}},
            {"on": "nudge", "to": "1"},
            {"set": {"logits": [5, -5, -5]}},
        ],
        [
            SKIP,
            {"set": {"measured": [0, 0.02, 0], "nudge": 0.02}},
            {"on": "guess.0", "to": "0.1"},
            {"click": "Check"},
            {"click": "z₃ skip"},
            {"click": "Other logits"},
        ],
        [
            SKIP,
            {"set": {"measured": [0, 0.02, 0], "nudge": 0.02}},
            *({"on": f"guess.{i}", "to": to} for i, to in enumerate(("-0.025", "-0.01", "0.035"))),
            {"click": "Check"},
        ],
        [
            SKIP,
            {"set": {"logits": [2, 1, 0.1], "nudge": -2}},
            {"click": "z₂ ·"},
            {"on": "nudge", "to": "0.01"},
        ],
        [SKIP, {"set": {"logits": [2, 1, 0.1], "nudge": -2}}, {"click": "Halve the nudge"}],
        [
            SKIP,
            {"set": {"product": True}},
            SKIP,
            {"on": "v.0", "to": "-1"},
            {"set": {"v": [2, 2, 2]}},
            {"set": {"v": [0.1, -0.4, 0]}},
            {"click": "Level the ground"},
            {"click": "one-hot"},
            {"click": "one-hot + 1"},
            {"click": "cross-entropy"},
        ],
        *(
            [SKIP, {"set": {"product": True}}, {"click": answer}, {"set": {"v": [2, 1, 1]}}]
            for answer in ("Only the last", "All of them", "None: the mean makes up for it")
        ),
    ],
    "loss_explorer": [
        [
            SKIP,
            {"set": {"logit": -4.1}},
            {"click": "Descend 50 steps"},
            {"set": {"logit": -4.2}},
            {"click": "Descend 50 steps"},
            {"click": "Go on to p = ½"},
        ],
        *(
            [SKIP, {"set": state}, {"click": "Descend 50 steps"}]
            for state in (
                {"smoothing": 0.3},
                {"smoothing": 0.5, "logit": 1},
                {"double_softmax": True, "logit": 0},
                {"double_softmax": True, "logit": 1, "smoothing": 0.5},
                {"logit": -0.5},
                {"logit": -5, "smoothing": 0.5, "lr": 10},
            )
        ),
        [
            SKIP,
            {"click": "smoothing"},
            {"click": "Descend 50 steps"},
            {"set": {"smoothing": 0.25}},
            {"click": "Descend 50 steps"},
        ],
        *(
            [SKIP, {"click": chip}, {"click": answer}, {"click": chip}, {"set": {"lr": 2}}]
            for chip, answers in (
                ("softmax twice", ("As low", "Not so low", "It stays", "Descend 50 steps")),
                ("rate 10", ("Settle", "Swing", "Run away", "Descend 50 steps")),
            )
            for answer in answers
        ),
        *(
            [
                SKIP,
                {"set": {"logit": z, "smoothing": smoothing}},
                {"on": "guess", "to": to},
                {"click": "Descend 50 steps"},
            ]
            for z, smoothing, to in ((-3, 0, "18"), (-3, 0, "51"), (3, 0.2, "90"))
        ),
        [
            SKIP,
            {"set": {"lr": 10, "num_classes": 10, "smoothing": 0.5}},
            {"click": "Descend 50 steps"},
            {"click": "Go on to p = ½"},
            {"set": {"logit": 0, "num_classes": 2, "smoothing": 0}},
        ],
    ],
    "sampled_classes": [
        [
            SKIP,
            {"set": {"correction": [0, -1.05, -1.65, -2.1, -1]}},
            {"on": "height.4", "to": "2.14"},
        ],
        [
            SKIP,
            {"set": {"hand": "q"}},
            {"click": "all equal"},
            *({"on": f"edge.{k}", "to": to} for k, to in enumerate((".47", ".51", ".54", ".55"))),
            *({"on": f"edge.{k}", "to": to} for k, to in enumerate((".41", ".5", ".56", ".6"))),
            {"on": "edge.3", "to": ".9"},
            {"click": "Other draws"},
            {"click": "Your best q"},
            {"click": "softmax(z)"},
        ],
        [SKIP, {"set": {"hand": "q"}}, {"on": "edge.1", "to": "1"}, {"click": "Draw 1 more"}],
        [SKIP, {"set": {"hand": "q"}}, {"click": "softmax(z)"}],
    ],
    "pair_merge": [
        [SKIP, {"click": "B"}, {"click": "D"}, {"click": "C"}, {"click": "A"}],
        [
            *(SKIP, *({"click": name} for name in ("A", "B", "C", "D", "AB", "CD"))),
            *({"click": name} for name in ("Take apart", "A", "D", "B", "C", "AD", "BC")),
            *({"click": name} for name in ("Take apart", "A", "C", "B", "D", "AC", "BD")),
        ],
        [SKIP, {"set": {"tops": [2, 0, 1, -1], "stage": 3}}],
        [SKIP, {"set": {"tops": [2, 0, 2, -1], "order": 6, "forget": True}}, {"set": {"stage": 1}}],
        [SKIP, {"set": {"tops": [9, 9, 9, 9], "stage": 3, "forget": True}}],
        [SKIP, {"set": {"tops": [-15, -15, -15, -15], "dtype": "float16", "stage": 3}}],
        [SKIP, {"set": {"tops": [3, -16, 5, 2], "dtype": "float16", "stage": 1}}],
        *(
            [{"click": guess}, {"click": "one by one"}, {"click": "two by two"}]
            for guess in ("the log-sum-exp", "the last digits", "one may overflow")
        ),
    ],
    "overflow_explorer": [
        [SKIP, {"on": "form.fused"}, {"set": {"size": 200}}],
        [SKIP, {"set": {"dtype": "float16", "size": 70000}}],
        [
            SKIP,
            {"on": "form.fused"},
            {"set": {"dtype": "float16", "size": 60000, "pattern": [1, -1, 0]}},
        ],
    ],
    "calibration_explorer": [[SKIP, {"on": "temperature", "to": 31}]],  # least error
    "label_suspects": [
        [SKIP, {"set": {"verdicts": [2] * 18}}],
        [{"click": "4 to 6"}, {"set": {"verdicts": [1] * 4 + [3] * 8}}],
    ],
    "browser_regression": [
        [{"key": key} for key in ("ArrowUp", "Enter", " ", "ArrowLeft", " ")],
        [{"set": {"lr": 0.6}}],
        [{"set": {"lr": 10, "epochs": 20}}],
    ],
    "training_lab": [
        [{"set": {"kept": [0.1, 10]}}, {"on": "epochs", "to": 3}],
    ],
    "training_lab in a page": [
        [
            SKIP,
            {"click": "Train"},
            *train(lr=0.5),
            {"set": {"lr": 0.05}},
            {"click": "Continue"},
            {"click": "1"},
            {"on": "at_epoch", "to": 2},
            *train(momentum=0.9, batch_size=64, images=5000, seed=98),
            {"click": "Continue"},
            *train(momentum=0, weight_decay=0.01, lr=10, epochs=7, seed=3),
            *train(weight_decay=1, batch_size=65536),
            *train(seed=99),
            *train(images=15000),
            {"click": "Clear"},
        ],
    ],
    "training_lab of regimes": [[SKIP, *train(images=15000)]],
    "what_the_model_sees in a page": [
        [SKIP, *[{"click": name}] * 3, {"on": "change", "to": 0.4}]
        for name in ("Test image", "Confident mistake")
    ],
    "quiz": [[{"on": f"chosen.{i}"}, {"click": "Check"}] for i in range(2)],
}

#: Where all controls are elsewhere; each is moved to its ends from there, too.
AWAY = {
    "softmax_playground": {
        "logits": [0.25, -1.5, 2.75, 1], "temperature": 0.7, "shift": -1.5, "scale": 1.3,
        "stage": "exp",
    },
    "jacobian_explorer": {"logits": [0.5, -1.25, 1, 0.2], "column": 1, "nudge": -0.4},
    "loss_explorer": {"logit": 1.35, "num_classes": 5, "smoothing": 0.15, "lr": 0.4},
    "overflow_explorer": {
        "dtype": "bfloat16", "size": 37.5, "pattern": [1, 0.5, -1], "form": "shifted",
    },
    "backward_pass": {"logits": [0.7, -1.2, 2.4], "label": 3, "stage": 3},
    "label_suspects": {"shown": 3, "verdicts": [1, 2, 0, 0, 3, 1]},
    "pair_merge": {
        "tops": [1.5, -2, 3.25, 0.5, 2], "dtype": "bfloat16", "order": 7, "stage": 2,
    },
    "sampled_classes": {
        "logits": [0.5, -1, 2.25, 0, 1], "q": [0.3, 0.1, 0.25, 0.2, 0.4], "draws": 300, "seed": 4,
        "kind": "divided",
    },
    "browser_regression": {
        "num_classes": 4, "lr": 0.3, "batch_size": 7, "epochs": 3, "seed": 5, "new_class": 2,
        "added": [[1, 2, 1], [4.5, 0.5, 3]],
    },
    "calibration_explorer": {"temperature": 2.3},
    "decision_explorer": {"probability": 0.37, "cost": [3, 12, 160, 45]},
    "training_lab": {"lr": 1, "epochs": 3, "kept": [0.1]},
    "what_the_model_sees": {
        "silhouette": 7, "label": 3, "against_rival": True, "change": 0.35,
    },
}  # fmt: skip


def walked(name: str) -> tuple[list[str], dict]:
    """Walk through a figure by its name."""
    return walk(WALKS[name](), *WAYS.get(name, []), **AWAY.get(name, {}))


if __name__ == "__main__":
    said = (f"# {name}\n" + "\n".join(walked(name)[0])
            for name in WALKS)  # fmt: skip
    STORED.write_text("\n".join(said) + "\n", encoding="utf-8")
