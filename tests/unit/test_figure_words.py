"""What the figures say in words, against numbers computed here; no browser."""

import math
import re
from base64 import b64decode
from pathlib import Path

import pytest
import torch
from figure_samples import calibration_explorer, label_suspects, training_lab, what_the_model_sees
from figure_walks import WALKS, biased, walked
from figure_words import SKIP, stored, told, told_each

from course_utils.data import CLASSES
from course_utils.figures.backward_pass import BackwardPass
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.decision_explorer import DecisionExplorer
from course_utils.figures.jacobian_explorer import JacobianExplorer
from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.overflow_explorer import OverflowExplorer
from course_utils.figures.sampled_classes import SampledClasses
from course_utils.figures.softmax_playground import SoftmaxPlayground

pytestmark = pytest.mark.processes  # deno runs the figures
TIMES = "\N{MULTIPLICATION SIGN}"
BROWSER_TESTS = Path(__file__).parents[1] / "browser"


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def assert_said(seen, *sentences):
    everything = "\n".join([seen.text, seen.spoken, *seen.labels])
    assert [s for s in sentences if s not in everything] == [], everything


def dotted(number):
    """A number as the figures write it in narrow cells."""
    return f"{number:.3f}".replace("0.", ".")


# --- the guess -----------------------------------------------------------------------------


def weights(model):
    raw = torch.tensor(list(b64decode(model["weights"])), dtype=torch.uint8).view(torch.int8)
    return raw.double().view(784, 10) * model["scale"]


def nearest_border(figure):
    """Return what a linear model says of the figure's drawing, and the nearest other class."""
    w, z = weights(figure.model), torch.from_numpy(figure.scores())
    first = int(z.argmax())
    far = (z[first] - z) / (w - w[:, [first]]).norm(dim=0)
    far[first] = math.inf
    second, size = int(far.argmin()), far.min().item() / 28
    assert 0.0005 < size < 0.05
    p = z.softmax(0)[first].item()
    return {"first": CLASSES[first], "second": CLASSES[second], "size": size, "p": p}


NEAR = nearest_border(what_the_model_sees(silhouette=4))

#: Figure, its question, what each answer says of a number; the other guesses are in the walks.
GUESSES = [
    (
        DecisionExplorer(cost=[0, 20, 40, 100, 30, 10]),
        # 100 p = 20 + 10 p at 2/9; with half the 100, 50 p = 20 + 10 p at 1/2
        f"With the costs at the start, “send home” is cheapest up to a probability of "
        f"{20 / 90:.3f}. If it cost half as much when ill",
        {
            "the same": f"No: the border would move from {20 / 90:.3f} to {20 / 40:.3f}, where two "
            "expected costs would be equal.",
            "a higher one": f"Yes, to {20 / 40:.3f}, where two expected costs would be equal.",
            "0.5": f"No: to {20 / 40:.3f}, where two expected costs would be equal; which state is "
            "more probable has no part in it.",
        },
    ),
    (
        what_the_model_sees(silhouette=4, label=4),
        f"Of the drawn coat the model says: {NEAR['first']}, probability {NEAR['p']:.3f}. How far "
        "does the image have to change before it says something else? Root mean square of the "
        "pixels; black to white is 1.",
        {
            text: f"{word}: by {NEAR['size']:.3f}, if each pixel goes the right way. At 1.05 of "
            f"that change the model says {NEAR['second']}: compare the first image with the "
            "changed one."
            for text, word in
            {"less than 0.05": "Yes", "0.05 to 0.2": "No", "more than 0.2": "No"}.items()
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("figure", "question", "answers"), GUESSES, ids=lambda v: str(v)[:12])
def test_each_answer_to_the_guess_is_told_what_is_the_case(figure, question, answers):
    clicks = [[{"click": text}] for text in answers]
    for (first, last), (text, says) in zip(told_each(figure, clicks), answers.items(), strict=True):
        assert question in first.text
        assert f"{text}: {says}\n" in last.text


def test_the_loss_explorer_keeps_the_second_loss_for_after_the_guess():
    reset, guess = {"click": "Reset"}, {"click": "About as large"}
    for first in told(LossExplorer(), reset):
        assert "squared error" not in "\n".join([first.text, first.spoken]).split("?", 1)[1]
    assert_said(told(LossExplorer(), guess)[-1], f"-0.999 {TIMES} 0.00371 = -0.0037")


def test_the_loss_explorer_asks_before_it_shows_a_second_softmax():
    chip = [SKIP, {"click": "softmax twice"}]
    texts = ["As low", "Not so low", "It stays"]
    pages = told_each(LossExplorer(), [[*chip, {"click": text}] for text in texts])
    for (*_, asked, answered), text in zip(pages, texts, strict=True):
        assert "loss2" not in asked.values
        assert "after 50 steps" not in asked.text
        assert "loss2" in answered.values
        floor = f"{math.log(math.e + 2) - 1:.4f}"
        assert floor not in asked.text
        p = double([answered.values["end2"], 0, 0]).softmax(0)
        sees = f"After 50 steps it gives p = {p.softmax(0)[0]:.3f}; it can give at most 0.576."
        verdict = (
            f"{text}: {'Yes' if text == texts[1] else 'No'}, after 50 steps it is at "
            f"{-p.log_softmax(0)[0]:.3f}"
        )
        assert_said(answered, f"{verdict}, never below {floor}: the second", f"floor {floor}", sees)


def test_the_loss_explorer_asks_before_it_takes_too_large_a_rate():
    chip = [SKIP, {"click": "rate 10"}]
    texts = {"Settle": "No", "Swing": "Yes", "Run away": "No"}
    pages = told_each(LossExplorer(), [[*chip, {"click": text}] for text in texts])
    for (*_, asked, answered), (text, verdict) in zip(pages, texts.items(), strict=True):
        assert "after 50 steps" not in asked.text
        assert_said(answered, f"{text}: {verdict}, once near, it jumps across its lowest point")
        # The rate times the slope of each gradient at p = 2/3.
        assert_said(answered, f"p(1 - p) is {10 * 2 / 9:.1f} there, and above 2 a step overshoots")
        product = f"factor, {3 * 2 / 9:.3f}, the product is {10 * 3 * (2 / 9) ** 2:.1f}: squared"
        assert_said(answered, product)
    run, rate = {"click": "Descend 50 steps"}, {"set": {"lr": 9}}
    start = {"set": {"logit": -5}}
    *_, watched, _, gone, later = told(LossExplorer(), *chip, run, chip[1], rate, start)
    assert_said(watched, "Once near, cross-entropy jumps across its lowest point and back: ")
    assert_said(gone, "Settings changed: question withdrawn.", "at which step does squared error")
    assert "withdrawn" not in later.text


@pytest.mark.parametrize(
    ("state", "mark", "says"),
    [
        ({"logit": -4.1}, 40, "Squared error passes ½ at step 48; your guess: 40 ✓."),
        ({"logit": -4.1}, 38, "Squared error passes ½ at step 48; your guess: 38."),
        ({"logit": -4.1}, 51, "Squared error passes ½ at step 48; your guess: later."),
        ({"logit": -4.2}, 51, "Squared error does not pass ½ in 50 steps; your guess: later ✓."),
        ({"logit": -4.2}, 50, "Squared error does not pass ½ in 50 steps; your guess: 50."),
        ({"logit": 0}, 3, "Squared error passes ½ at step 2; your guess: 3 ✓."),
        (
            {"logit": 8, "smoothing": 0.5},
            0.7,
            "Cross-entropy: after 50 steps p = 0.667; your guess: 0.7 ✓.",
        ),
        (
            {"logit": 8, "smoothing": 0.5},
            0.8,
            "Cross-entropy: after 50 steps p = 0.667; your guess: 0.8.",
        ),
    ],
)
def test_the_loss_explorer_takes_a_guess_before_a_run_and_counts_it(state, mark, says):
    guess = {"on": "guess", "to": str(100 * mark if mark < 1 else mark)}
    run = {"click": "Descend 50 steps"}
    *_, open_, run, _, again = told(LossExplorer(), SKIP, {"set": state}, guess, run, guess, run)
    assert "Drag the mark there" in open_.text
    assert "should be 0.667" not in open_.text  # the answer
    assert_said(run, f"{says} Close so far: {int('✓' in says)} of 1.")
    assert run.spoken == says
    if state["logit"] < -4:
        way = [state["logit"]]
        for _ in range(50):
            p = double([way[-1], 0, 0]).softmax(0)[0].item()
            way.append(way[-1] + 3 * p * (1 - p) ** 2)
        pace = (way[1] - way[0], way[48] - way[47])
        grew = f"The first step raised z by {pace[0]:.2g}, step 48 by {pace[1]:.2g}."
        assert_said(run, "Go on to p = ½" if way[50] < math.log(2) else grew)
    elif state["logit"] == 8:
        assert_said(run, "Squared error is still at 0.999: its factor there is 0.00208.")
    assert run.text == again.text  # what came is known now


# --- what stands, and what is said of the states to try --------------------------------------

#: Places in the tables whose texts show in a browser only, and what a test there quotes.
IN_A_BROWSER = {
    ".pause": "Pause", ".stop": "Stop", ".empty": "no doubted images here",
    ".loading": "Loading the test images", ".lost": "The test images could not be loaded",
    ".painted()": "need not look like a bag", ".mine": "your guess", ".watch": "Watch the run",
    ".faults.worker()": "not let this page start a worker", ".why.no images": "holds no images",
    ".spoilt": "A run was stopped or its rate changed",
    ".no()": "Not that one", ".yes": "Yes. Slopes",
    ".running()": ": p is 0", ".losing()": ": the loss is 1", ".youSaid()": "; you said 20",
    ".answered()": "You said: Settle",
    ".foretell()": "You foretell the column",
}  # fmt: skip

#: The lab's with a kernel (a test of its own), while it trains, or where the browser can't.
SELDOM = {
    ".asked", ".failed()", ".kernelSays()", ".live", ".liveRun()", ".underWay", ".noEpoch",
    ".goneSays", ".loading()", ".why.no worker",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({walk.split()[0] for walk in WALKS}))
def test_each_text_of_a_figure_is_said_where_it_was(name):
    """After a wanted change: python tests/helpers/figure_walks.py, and read what differs."""
    found = {walk: walked(walk) for walk in WALKS if walk.split()[0] == name}
    for walk, (lines, _) in found.items():
        assert lines == stored()[walk]
    unseen = set.intersection(*(set(places) for _, places in found.values()))
    assert unseen <= IN_A_BROWSER.keys() | SELDOM


def test_what_the_walks_do_not_see_is_quoted_in_a_browser():
    quoted = "".join(path.read_text() for path in BROWSER_TESTS.glob("*.py"))
    assert [text for text in IN_A_BROWSER.values() if text not in quoted] == []


LARGEST = {name: math.log(torch.finfo(getattr(torch, name)).max) for name in ("float16", "float64")}

#: Figure, state to try, what it says of a number.
TRIES = [
    (OverflowExplorer, "float16, size 20",
     f"exp overflows above {LARGEST['float16']:.2f}: the naive form gives nan for a logit of 20."),
    (OverflowExplorer, "float64, size 800",
     f"for the exponent the limit is {LARGEST['float64']:.2f}; 800 is still beyond it."),
]  # fmt: skip


@pytest.mark.parametrize(("make", "label", "sentence"), TRIES, ids=lambda v: str(v)[:20])
def test_the_number_that_is_said_of_a_state_to_try(make, label, sentence):
    assert sentence in told(make(), SKIP, {"click": label})[-1].text


def p_of(logits):
    return double(logits).softmax(0)


DEAR = [40, 30, 5, 200, 25, 10]  # to send anybody home

#: Figure, a state that just misses its goal, one that reaches it.
GOALS = [
    (JacobianExplorer, {"product": True, "v": [0.2, -0.4, 0]},
     {"product": True, "v": [0.1, -0.4, 0]}),
    (JacobianExplorer, {"product": True, "v": [0, 0, 0]}, {"product": True, "v": [1.5, 1.5, 1.5]}),
    (OverflowExplorer, {"dtype": "float16", "size": 65000}, {"dtype": "float16", "size": 66000}),
    (SampledClasses, {"correction": [0, -1.05, -1.65, -1.7, -2.4]},
     {"correction": [0, -1.05, -1.65, -2.1, -2.4]}),
    (SampledClasses, {"hand": "q", "q": [0.2, 0.2, 0.2, 0.2, 0.2]},
     {"hand": "q", "q": [0.4, 0.1, 0.1, 0.05, 0.35]}),
    (BrowserRegression, {"lr": 1}, {"lr": 0.6}),
    (SoftmaxPlayground, {"logits": [0, 0, -6]}, {"logits": [0, 0, -7]}),  # 0.4994, 0.4998
    (SoftmaxPlayground, {"logits": [0, -9, 0]}, {"logits": [-9, 0, 0]}),
    (DecisionExplorer, {"cost": DEAR, "probability": 0.106}, {"cost": DEAR, "probability": 0.104}),
    (DecisionExplorer, {"cost": DEAR[::-1], "probability": 0.1}, {"cost": DEAR}),
    (label_suspects, {"verdicts": 9 * [1]}, {"verdicts": 10 * [3]}),
    (calibration_explorer, {"temperature": 2**1.04}, {"temperature": 2**1.06}),  # 2 and 2.14
]  # fmt: skip


@pytest.mark.parametrize(("make", "miss", "hit"), GOALS, ids=lambda v: getattr(v, "_name", ""))
def test_a_goal_is_reached_where_it_says(make, miss, hit):
    missed = told(make(), *[SKIP] * (make is not BrowserRegression), {"set": miss})[-1]
    reached = told(make(), *[SKIP] * (make is not BrowserRegression), {"set": hit})[-1]
    assert ("✓Goal:" in missed.text, "✓Goal:" in reached.text) == (False, True)


def test_the_goals_are_true():
    z, p = double([2, 1, -1]), p_of([2, 1, -1])
    jacobian = torch.diag(p) - p[:, None] * p
    for j, nudge, near in [(0, 0.02, True), (1, 0.02, True), (2, -0.02, True), (2, 0.2, False)]:
        step = nudge * torch.eye(3, dtype=z.dtype)[j]
        measured = ((z + step).softmax(0) - p) / nudge
        assert torch.allclose(measured, jacobian[:, j], rtol=0.02, atol=0) == near
    z = double([2.5, 0, -0.5, -1, 2.5])
    plain = z + double([0.57, 0.2, 0.11, 0.07, 0.05]).log()
    far, near = (
        ((plain - double(state["correction"])).softmax(0) / z.softmax(0) - 1).abs().max()
        for state in GOALS[3][1:]
    )
    assert near < 0.2 < far
    assert 65000 < torch.finfo(torch.float16).max < 66000


def chosen(*names, foretold=False):
    """Steps that choose these; first, where a change is to be foretold, that is done."""
    first = [{"on": "foretold", "to": "0.5"}, {"click": "Let it grow"}] if foretold else []
    return first + [{"click": name} for name in names]


def test_backward_pass_measures_what_a_wrong_choice_missed():
    z = double([2, 1, 0.1])
    total = z.exp().sum()
    change = torch.log(total + 0.01) - torch.log(total)
    factors = {"-1": -1, "1": 1, "Q": total, "exp z": z[0].exp()}
    for wrong, factor in factors.items():
        steps = chosen(wrong, foretold=True)
        page = told(BackwardPass(logits=z.tolist(), stage=2), SKIP, *steps)[-1]
        pick = wrong if wrong in ("1", "-1") else f"{wrong} = {factor:.{2 + (factor < 10)}f}"
        assert_said(
            page,
            f"Not {pick.replace('z', 'z₁')}. Q changed by +0.01, ln Q by +{change:#.3g}. "
            f"That is {TIMES} {100 * change:#.3g}.",
        )
        assert "grad Q" not in page.values
    direct = told(BackwardPass(stage=1), SKIP, *chosen("1"))[-1]
    assert_said(
        direct, f"With ln Q held, z₁ changed by +0.01, the loss by -0.0100. That is {TIMES} -1."
    )
    second = told(BackwardPass(logits=[0, 0, 0], stage=3), SKIP, {"on": "nudge.e2", "to": "0.5"},
        *chosen("exp z"))[-1]  # fmt: skip
    assert_said(second, "exp z₂ fits these numbers only by chance: with other logits it does not.")
    for stage, wrong in [(4, "1"), (3, "exp z"), (0, "exp z")]:
        steps = chosen(wrong, foretold=stage == 4)
        even = told(BackwardPass(logits=[0, 0, 0], stage=stage), SKIP, *steps)[-1]
        assert_said(even, "fits these numbers only by chance: with other logits it does not.")
        assert not {"change e1", "change L"} & even.values.keys()  # no number beside it
        # of three lines, one that it doesn't fit
        other = told(BackwardPass(logits=[0, 4, 0], stage=stage), SKIP, *steps)[-1]
        assert ("Not" in other.text) == (stage > 0)
    p = z.softmax(0)[0]
    up = (z + double([0.01, 0, 0])).logsumexp(0) - z.logsumexp(0) - 0.01
    steps = chosen(TIMES, foretold=True)
    joined = told(BackwardPass(logits=z.tolist(), stage=5), SKIP, *steps)[-1]
    assert_said(
        joined,
        f"Not {TIMES}: that makes {-p:.3f}. z₁ changed by +0.01, the loss by {up:#.3g}",
    )
    assert "grad z1" not in joined.values


@pytest.mark.parametrize(("logits", "label"), [([2, 1, 0.1], 1), ([-4, -4, -3], 3)])
@pytest.mark.parametrize("box", ["z1", "z3", "e2", "Q", "l"])
def test_backward_pass_nudge_of_any_box_comes_to_its_gradient(logits, label, box):
    """No exponential and no loss below 0; the goal wants a logit, a small nudge after a large."""
    name = {"z1": "z₁", "z3": "z₃", "e2": "exp z₂", "Q": "Q", "l": "ln Q"}[box]
    for by in (0.01, -0.5):
        way = {"on": f"nudge.{box}", "to": by}
        large = {"on": f"nudge.{box}", "to": 1}
        figure = BackwardPass(logits=logits, label=label, stage=6)
        alone, _, page, rest = told(figure, SKIP, way, large, way, way | {"to": 0})[-4:]
        assert_said(rest, f"The loss along {name}")  # not along another box
        assert "✓Goal:" not in alone.text
        z = double(logits)
        if box[0] != "z":
            loss = z.logsumexp(0) - z[label - 1]
            rest = z.exp().sum() - z[label - 1].exp()
            room = min(z[int(box[1]) - 1].exp(), rest) if box[0] == "e" else rest
            by = max(by, -float(f"{0.9 * (loss if box == 'l' else room):.2g}"))
        exps = z.exp()
        if box[0] == "z":
            z[int(box[1]) - 1] += by
            exps = z.exp()
        elif box[0] == "e":
            exps[int(box[1]) - 1] += by
        log = torch.log(exps.sum() + by * (box == "Q")) + by * (box == "l")
        before = double(logits)
        loss = (log - z[label - 1]) - (before.logsumexp(0) - before[label - 1])
        assert page.values["change L"] == pytest.approx(loss.item(), rel=1e-6)
        gradient = page.values[f"grad {box}"]
        off = abs(loss.item() / (gradient * by) - 1)
        share = f"off by {float(f'{100 * off:.2g}'):g} %"
        assert_said(page, "exact" if box == "l" else share)
        assert ("✓Goal:" in page.text) == (box[0] == "z" and off < 0.01)


def test_backward_pass_holds_the_logarithm_for_the_direct_line():
    walk = told(BackwardPass(stage=1), SKIP, {"on": "nudge.z1", "to": "0.5"}, {"click": "-1"})
    assert walk[-2].values["change L"] == pytest.approx(-0.5)
    assert not {"change l", "change Q"} & set(walk[-2].values)
    assert not any("change" in name for name in walk[-1].values)


def test_backward_pass_asks_in_a_later_walk_only_for_what_is_new():
    """Guesses of gradients that were seen are not asked for; a walk shown runs by itself."""
    guess = [{"on": f"guess.{i}", "to": v} for i, v in enumerate(["0.13", "-0.8", "0.7"])]
    logits = [0, 1, 2]
    first = [SKIP, {"set": {"stage": 6}}]
    walk = [*first, {"click": "Walk with class 2"}]
    asked, wrong, done = told(
        BackwardPass(logits=logits), *walk, *guess, {"click": "z₁"}, {"click": "z₂"}
    )[-3:]
    assert_said(asked, "Class 2 is the true one.", "Where does the -1 go?")
    assert_said(wrong, "Not to z₁: the loss is ln Q - z₂.")
    assert wrong.values.keys() & {"grad l", "direct z2"} == set()
    assert_said(done, "All three are within 0.1. The p add", "guess -0.80", "-1 + 0.245 by exp")
    assert done.text.count("✓Goal:") == 1
    zeros = [{"on": f"guess.{i}", "to": "0"} for i in range(3)]
    sure = told(BackwardPass(logits=[0, 5, 0]), *walk, *zeros, {"click": "z₂"})[-1]
    assert_said(sure, "All three are within 0.1. The p add")
    assert "✓Goal:" not in sure.text  # where no gradient is far from 0, guesses of 0 show nothing
    two, far = told(BackwardPass(logits=logits), *walk, *guess[:2], {"click": "Show me"})[-2:]
    assert_said(two, "Place all three and say where the -1 goes, or press Show me.")
    assert {"z₁", "z₂", "z₃"} <= set(two.disabled)
    assert_said(far, "What you placed is within 0.1.")
    assert "✓Goal:" not in far.text
    other = [{"set": {"stage": 2}}, {"set": {"logits": [0, 1, 2.1]}}, {"set": {"stage": 6}}]
    changed = told(BackwardPass(logits=logits), *walk, *guess, *other)[-1]
    assert "within 0.1. The p" not in changed.text  # of other numbers
    assert "✓Goal:" not in changed.text
    pages = told(
        BackwardPass(logits=logits), *walk, *guess, {"click": "z₂"},
        {"click": "Walk with class 3"},
        *({"on": f"guess.{i}", "to": v} for i, v in enumerate(("0.2", "0.1", "0.7"))),
        {"click": "z₃"}, {"click": "Walk with other logits"},
    )  # fmt: skip
    for page, total in [(pages[-4], "0.30 so far."), (pages[-3], "1.00.")]:
        assert_said(page, f"They add up to {total}")
    off = (p_of(logits) - double([0, 0, 1]) - double([0.2, 0.1, 0.7])).abs().tolist()
    misses = ", ".join(f"{z} by {v:.3f}" for z, v in zip(("z₁", "z₂", "z₃"), off, strict=True))
    assert_said(pages[-2], f"Missed: {misses}. Try again with the next walk. The p add up to 1")
    assert pages[-1].state["logits"] != logits  # all three classes were walked
    known = told(BackwardPass(logits=logits), *first, *[{"click": "Walk with class 2"},
        {"click": "z₂"}, {"click": "Back"}, *[{"click": "Back"}] * 5])[-1]  # fmt: skip
    assert_said(known, "Class 2 is the true one. You saw its gradients. Where does the -1 go?")


def test_backward_pass_has_a_last_goal_after_both_others():
    """A gradient of -0.5: the true exponential is half of Q."""
    half = [0, math.log(2), 0]
    both = [
        *({"on": "nudge.z1", "to": to} for to in ("1", "0.01")),
        {"click": "Walk with class 2"},
        *({"on": f"guess.{i}", "to": to} for i, to in enumerate(("0.24", "-0.33", "0.09"))),
        {"click": "z₂"},
    ]
    ends = [{"set": {"logits": z}} for z in ([0, 0.8, 0], half, [-2, 4, -2])]
    early = [{"set": {"logits": z}} for z in ([math.log(2), 0, 0], [1, 2, 0])]  # counts for nothing
    steps = [*early, *both, *ends, {"click": "Reset"}]
    asked, near, done, small, again = told(BackwardPass(stage=6), SKIP, *steps)[-5:]
    assert [page.text.count("✓Goal:") for page in (asked, near, done, small)] == [2, 2, 3, 4]
    assert_said(small, "Done: the others' were below 0.01, too")
    assert ["is above -0.01" in page.text for page in (near, done)] == [False, True]
    assert_said(done, "Done: its exponential was about half of Q, about as much as the other two")
    assert "until the true one's gradient is -0.5" not in again.text


def test_backward_pass_answers_what_the_states_to_try_ask():
    for chip, logits, answer in [
        ("sure and right", [4, 0, 0], "Little: by exp it gets nearly 1, directly -1"),
        ("sure and wrong", [0, 4, 0], "That of z₁, which keeps nearly all of its -1, and that of"),
        ("undecided", [0, 0, 0], "A third for z₂ and z₃; for z₁, with its -1, minus two thirds."),
    ]:
        asked, done = told(
            BackwardPass(), SKIP, {"set": {"stage": 6}}, {"click": chip}, {"click": "z₁"}
        )[-2:]
        grads = (p_of(logits) - double([1, 0, 0])).tolist()
        assert [done.values[f"grad z{k}"] for k in (1, 2, 3)] == pytest.approx(grads)
        assert answer not in asked.text
        assert "Drag each handle" in asked.text
        assert answer in done.text


# --- sentences with numbers ----------------------------------------------------------------


@pytest.mark.parametrize(("t", "shift", "scale"), [(2, 0.5, 2), (0.5, -3, 0.2), (1, 0, 1)])
def test_playground(t, shift, scale):
    raw = double([2, 1, -1])
    z = scale * raw + shift
    p = (z / t).softmax(0)
    figure = SoftmaxPlayground(temperature=t, shift=shift, scale=scale)
    seen, exps, scores = told(
        figure, SKIP, {"on": "stage.exp"}, {"on": "stage.score"}
    )[1:]  # fmt: skip
    gap = math.log(p[0] / p[1])
    sentence = (
        f"dog is most probable, {p[0] / p[1]:.3g} times as probable as cat. That is e to the "
        f"{gap:.3f}, the difference of their z over T."
    )
    if shift:
        assert torch.allclose((scale * raw / t).softmax(0), p)
        sentence += f" Adding {shift:.1f} to every score changed no probability."
    if scale != 1:
        assert torch.allclose((raw / (1 / scale) / t).softmax(0), p)
        sentence += f" Multiplying by {scale:.2f} does what temperature {1 / scale:.2f} would do."
    rows = "p", *(f"{v:.3f}" for v in p.tolist())
    plain, moved = ": the share of the sum", " (dashed: without temperature and factor)"
    assert_said(
        seen,
        f"{sentence}\n",
        "\n".join(["z", *(f"{v:.1f}" for v in z.tolist()), "exp"]),
        "\n".join(rows),
        f"temperature T\n{t:.2f}\n",
        f"add to all scores\n{shift:.1f}\n",
        f"multiply all scores\n{scale:.2f}\n",
        "classes\n3\n",
        "score dog\n2.0\nscore cat\n1.0\nscore chicken\n-1.0\n",
    )
    assert f"\nprobability p{plain if t == scale else moved}\n" in seen.text
    assert "\ne to the power of z / T\n" in exps.text
    assert "\nscore z\n" in scores.text
    names = ["dog", "cat", "chicken"]
    said = ", ".join(f"{n} {v:.3f}" for n, v in zip(names, p.tolist(), strict=True))
    assert exps.spoken == f"{said}."
    for i, e in enumerate((z / t).exp().tolist()):
        assert seen.values[f"e{i}"] == pytest.approx(e)
    assert_said(seen, f"{float(f'{(z / t).exp()[0]:.3g}'):g}", f"={p[0]:.3f}\n")


def test_playground_tie_and_goal():
    tie, goal = (told(SoftmaxPlayground(logits=z), SKIP)[1] for z in ([2, 2, -1], [0, 0, -30]))
    assert_said(
        tie, "A tie: dog and cat have equal scores, so equal probabilities at any temperature."
    )
    assert "as much as all the others" not in tie.text
    assert_said(goal, "To three digits, cat now weighs as much as all the others together.")
    (cold,) = told(SoftmaxPlayground(logits=[2, 1, -1], temperature=0.1))
    assert_said(cold, "dog is most probable, 22000 times as probable as cat")


@pytest.mark.parametrize("j", [0, 2])
def test_jacobian(j):
    z, nudge = double([2, 1, -1]), 0.6
    p = z.softmax(0)
    jacobian = torch.diag(p) - p[:, None] * p
    moved = z.clone()
    moved[j] += nudge
    real = moved.softmax(0) - p
    figure = JacobianExplorer(column=j, nudge=nudge)
    small, zero = {"set": {"nudge": 0.02}}, {"set": {"nudge": 0}}
    seen, right, still = told(figure, SKIP, small, zero)[1:]
    i = 1 if j == 0 else 0
    subs = "₁₂₃"
    off = 100 * (real / nudge / jacobian[:, j] - 1).abs()
    assert torch.allclose(off, off[0])  # so the figure says it once
    off = off[0]
    cells = [["· "] * 3 for _ in range(3)]
    for a in range(3):
        cells[a][j] = f"{dotted((real[a] / nudge).item())} {off:.2g} % off"
    digits = [max(3, math.ceil(1 - math.log10(abs(x)))) for x in real.tolist()]
    changes = [f"{x:+.{n}f}".replace("0.", ".") for x, n in zip(real, digits, strict=True)]
    lost = 1 - (p + real)[i] / p[i]
    assert torch.allclose((p + real)[3 - i - j] / p[3 - i - j], 1 - lost)
    assert_said(
        seen,
        f"z{subs[j]} moves by 0.6. p{subs[j]} gains {changes[j][1:]}; each of the others loses "
        f"{100 * lost:.2g} % of what it had. All p share one divisor, so all bars "
        f"are {off:.2g} % off: halve the nudge.",
        *(f"p{subs[a]} {dotted(p[a])} {changes[a]} | {' | '.join(cells[a])} |" for a in range(3)),
        "Measured: change of p ÷ nudge, -¼ to ¼; the bold line is the slope.",
        "Where are slopes? Bring a column within 2 %.",
        "chord and dashed tangent",
    )
    assert torch.allclose(jacobian.sum(0), double([0, 0, 0]))
    assert jacobian.abs().max() < 0.25
    missed = f"All p share one divisor, so all bars are {off:.2g} % off: halve the nudge."
    assert seen.spoken in ("", f"z{subs[j]} moves by 0.6. {missed}")
    assert "J v" not in seen.text
    assert_said(
        right,
        f"Its bars end within 2 % of their marks. Now nudge z{'₂' if j == 0 else '₁'}.",
    )
    one_hot = torch.eye(3, dtype=p.dtype)[j]
    assert torch.allclose(jacobian[:, j], p[j] * (one_hot - p))
    assert_said(still, f"Nudge z{subs[j]}: drag the point on the curve. At 0, change")
    assert "chord" not in still.text


@pytest.mark.parametrize("nudge", [1e-6, -1e-15, 1e-30])
def test_jacobian_of_a_tiny_nudge_is_right(nudge):
    seen = told(JacobianExplorer(nudge=nudge), SKIP)[1]
    assert_said(seen, "Its bars end within", "✓ ")
    p = p_of([2, 1, -1])
    column = double([seen.values[f"J{i}0"] for i in range(3)])
    assert torch.allclose(column, p * (double([1, 0, 0]) - p[0]), rtol=1e-6)


def test_jacobian_calls_a_large_nudge_that_happens_to_fit_chance():
    fits = {"nudge": -2, "measured": [0, 0.02, 0.02]}
    p, moved = p_of([2, 1, 0.1]), p_of([0, 1, 0.1])
    assert ((moved - p)[0] / -2 / (p[0] * (1 - p[0]))).item() == pytest.approx(1, abs=0.02)
    figure = JacobianExplorer(logits=[2, 1, 0.1])
    near = {"column": 1, "nudge": 0.05, "measured": [-2, 0, 0.02]}
    halved = {"logits": [0, 0, 0], "nudge": 2}  # misses by 2.1 %, half of it by 9.3 %
    misses = [abs(math.expm1(x) / x / (1 + math.expm1(x) / 3) - 1) for x in (1, 2)]
    assert misses == pytest.approx([0.093, 0.021], abs=0.001)
    seen, near, last = told(figure, SKIP, *({"set": state} for state in (fits, near, halved)))[2:]
    assert_said(seen, "So large a nudge may come near by chance: halve it.")
    assert_said(last, "are 2.1 % off: halve the nudge.")
    assert "✓Goal" not in seen.text
    assert_said(near, "Now shrink the nudge of z₁, too.")


def guess(*column):
    return [{"on": f"guess.{i}", "to": str(to)} for i, to in enumerate(column)]


def test_jacobian_judges_the_last_column_before_it_is_measured():
    """First by its sum alone; the mirror image is told after a second miss."""
    measured, check = {"set": {"measured": [0, 0.02, 0], "nudge": 0.02}}, {"click": "Check"}
    halved, nudged = {"click": "Halve the nudge"}, {"click": "z₃ skip"}
    right, far = guess(-0.02, -0.01, 0.035), guess(-0.035, -0.01, 0.045)
    ways = [
        [SKIP, measured, *guess(0.1, -0.1), check, *guess(0.1, -0.05, -0.05), check],
        [SKIP, measured, *right, check, halved, halved, {"set": {"logits": [0, 0, 0]}}],
        [SKIP, measured, *far, nudged, {"click": "Other logits"}],
        [SKIP, measured, nudged],
    ]
    thin = {"logits": [2, 1, -5], "measured": [0, 0.02, 0], "nudge": 0.02}  # slopes below a step
    ways.append([SKIP, measured, *guess(0.005, 0, 0), {"set": thin}])
    missed, (*_, found, _, done, later), (*_, wrong, anew), (*_, untold), (*_, even, plain) = (
        told_each(JacobianExplorer(), ways)
    )
    p = p_of([2, 1, -1])
    column = p[2] * (double([0, 0, 1]) - p)
    for mine, near in [([-0.02, -0.01, 0.035], 3), ([-0.035, -0.01, 0.045], 1)]:
        off = (column - double(mine)).abs()
        assert (off <= (0.2 * column.abs()).clamp(min=0.005)).sum() == near
    asked, one, two, first, *_, second = missed[2:]
    assert_said(asked, "Before you nudge z₃: where will its bars end?")
    assert_said(one, "Your column of z₃ sums to +.100.")
    assert "sums to 0, as it must.\n" in two.text
    assert_said(even, "Your column of z₃ sums to +.005, near enough.")
    assert_said(plain, "Now nudge z₃.")
    hint, mirror = (
        "Whose slope equals that of p₁ by z₃?",
        "mirror each other: that of p₁ by z₃ equals that of p₃",
    )
    assert_said(first, f"Wrong (✗): 3. {hint}")
    assert_said(second, mirror, "Set your p₁ to that, then mend the others.")
    assert [mirror in one.text for one in missed].index(True) == len(missed) - 1
    assert [hint in one.text for one in missed].count(True) == 1
    assert_said(found, "z₃ moves by 0.02. ", "3 of 3 bars")
    assert found.values["nudge2"] == 0.02
    assert [page.text.count("✓Goal: bring") for page in (found, done, later)] == [1, 1, 1]
    before = ["(reached before)" in page.text for page in (found, done, later)]
    assert before == [False, False, True]  # nothing misses its mark; of others nothing is foretold
    assert_said(wrong, "You had 1 of 3 bars about right. Foretell that column at other logits.")
    assert [anew.values[f"nudge{j}"] for j in range(3)] == [0.02, 0.02, 0]
    assert not {*anew.state["logits"]} & {2, 1, -1}
    assert_said(anew, "Before you nudge z₃: where will its bars end?")
    assert_said(untold, "Foretell that column at other logits.")
    assert "✓Goal: bring" not in wrong.text + untold.text


def test_jacobian_counts_the_columns_checked_without_a_miss():
    """At the first Check of each; three of them open a fourth class, whose column is the next."""
    z, steps = [2, 1, -1], [{"set": {"measured": [0, 0.02, 0], "nudge": 0.02}}]
    for n in range(4):
        p, one_hot = p_of(z), torch.eye(len(z), dtype=torch.float64)[-1]
        column = (p[-1] * (one_hot - p)).tolist()
        if n == 3:
            steps += [*guess(0.1, -0.1, 0, 0), {"click": "Check"}]
        steps += [*guess(*column), {"click": "Check"}]
        if n < 3:
            steps.append({"click": "One more class" if n == 2 else "Other logits"})
        roots = [math.sqrt(i * i + 2) for i in range(4 if n == 2 else 3)]
        z = [round(24 * ((n + 1) * root % 1) - 12) / 10 for root in roots]
    pages = told(JacobianExplorer(), SKIP, *steps, {"click": "Reset"})
    seen = " ".join(page.text for page in pages)
    said = re.findall(r"right\. Streak of columns checked without a ✗: ([^.]*)", seen)
    assert said == ["1", "2", "3"]
    assert "4 of 4 bars" in pages[-2].text  # but not at once
    assert [len(page.state["logits"]) for page in pages[-2:]] == [4, 3]


def test_jacobian_has_a_free_goal_for_the_logits():
    """The slopes count, measured or not; what was said is said later, too."""
    every = [[0, 0], [1, 1, 0], [1, 1, -5], [1, 0, -5], [0, 0]]  # of two: ¼ twice, but no third
    states = [{"logits": z, "nudge": 0, "measured": [0, 0, 0]} for z in every]
    p, less = p_of([1, 1, -5]), p_of([1, 1, 0])
    assert p[0] * (1 - p[0]) > 0.2495 > less[0] * (1 - less[0])
    pages = told(JacobianExplorer(), SKIP, *({"set": state} for state in states))[2:]
    assert ["no slope is larger" in page.text for page in pages] == [
        *[False] * 2,
        *[True] * 2,
        False,
    ]
    assert ["(reached before)" in page.text for page in pages] == [*[False] * 3, True, False]
    assert ["a third?" in page.text for page in pages] == [False, *[True] * 3, False]


def test_a_goal_of_the_jacobian_stays_reached_until_reset():
    """What it says of equal entries is gone when they are no longer equal."""
    figure = JacobianExplorer(product=True)
    steps = [{"set": {"v": [1, 1, 1]}}, {"on": "v.0", "to": "0.5"}, {"click": "Reset"}]
    reached, later, reset = told(figure, SKIP, *steps)[2:]
    assert [page.text.count("✓Goal:") for page in (reached, later, reset)] == [1, 1, 0]
    assert ["Any constant v" in page.text for page in (reached, later)] == [True, False]
    assert ["(reached before)" in page.text for page in (reached, later)] == [False, True]


def test_jacobian_tells_what_halving_does_to_the_miss():
    """By half where the curve is bent at the start."""
    halve = {"click": "Halve the nudge"}
    for logits, half in (([2, 1, -1], True), ([math.log(2), 0, 0], False)):
        p, missed = p_of(logits), []
        for nudge in (1, 0.5):
            moved = p_of([logits[0] + nudge, *logits[1:]])
            missed.append(abs(((moved - p)[0] / nudge / (p[0] * (1 - p[0]))).item() - 1))
        assert (0.45 < missed[1] / missed[0] < 0.55) == half
        seen = told(JacobianExplorer(logits=logits), SKIP, halve)[-1]
        before, now = (f"{100 * share:.2g} %" for share in missed)
        assert_said(
            seen,
            f"Its bars were {before} off, now they are {now} off"
            + (": half the nudge, about half" if half else ". "),
        )
        assert ("about half the miss" in seen.text) == half
    chance = told(JacobianExplorer(logits=[2, 1, 0.1], nudge=-2), SKIP, halve)[-1]
    assert_said(chance, "8.3 % off. Halve it again.")
    for nudge in (0.0625, 0.0156):  # p is not 1/2 there, and both misses read <0.1 %
        tiny = told(JacobianExplorer(logits=[0, 0, -5], nudge=nudge), SKIP, halve)[-1]
        assert "now they" not in tiny.text
    for z, to in ([5, -5, -5], 1), ([-5, 3.4, 0.1], 0):
        assert abs(p_of(z)[0] - to) < 0.01
        flat = told(JacobianExplorer(logits=z, nudge=2), SKIP)[-1]
        assert_said(flat, f"p₁ is nearly {to}, so its slopes are nearly 0{': a' if to else '.'}")
    dragged = told(JacobianExplorer(), SKIP, halve, {"on": "nudge", "to": "0.3"})[-1]
    assert "now they" not in dragged.text


def test_jacobian_product():
    p, v = p_of([2, 1, -1]), double([1, 2, -1])
    jacobian = torch.diag(p) - p[:, None] * p
    product, flat = {"set": {"product": True, "v": v.tolist()}}, {"set": {"v": [1, 1, 1]}}
    touched = {"on": "nudge", "to": "0.5"}
    multiplied, same = told(JacobianExplorer(), SKIP, touched, product, flat)[3:]
    assert torch.allclose(p * (v - p @ v), jacobian @ v)
    steps = [("v - mean", v - p @ v), ("\N{MULTIPLICATION SIGN} p", p), ("= J v", jacobian @ v)]
    assert_said(
        multiplied,
        *(f"{name} | {' | '.join(map(dotted, row.tolist()))} | " for name, row in steps),
        f"The mean of v is {p @ v:.3f}. The blocks above it have the area "
        f"{(jacobian @ v).clamp(min=0).sum():.3f}, the hollows as much: J v sums to zero.",
    )
    assert "nudge" not in multiplied.text
    entries = ", ".join(f"{x:.2f}" for x in (jacobian @ v).tolist())
    assert multiplied.spoken == f"J v is {entries}."
    assert ((jacobian @ v > 0) == (v > p @ v)).all()
    assert_said(same, "The ground is flat: no block, no hollow, J v is zero.")
    (level,) = told(
        JacobianExplorer(product=True, v=v.tolist()), SKIP, {"click": "Level the ground"}
    )[2:]
    area = f"{(jacobian @ v).clamp(min=0).sum():.3f}"
    assert_said(level, f"Level: the area {area} above the mean has filled the hollows.")
    raised = told(JacobianExplorer(product=True), SKIP, {"on": "v.all", "to": "1.5"})[-1]
    assert raised.state["v"] == pytest.approx([1.8, 0.8, 0.8])
    assert raised.text.count("= J v") == 1
    assert [raised.values[f"vjp{i}"] for i in range(3)] == pytest.approx(jacobian[:, 0].tolist())


@pytest.mark.parametrize(("x", "k", "smoothing"), [(-6.0, 3, 0.0), (1.5, 5, 0.2)])
def test_loss(x, k, smoothing):
    z = double([x] + [0] * (k - 1)).requires_grad_()
    target = torch.full_like(z, smoothing / k)
    target[0] += 1 - smoothing
    p = z.softmax(0)
    made = [-(target * z.log_softmax(0)).sum(), ((p - target) ** 2).sum()]
    made.append(-(target * p.log_softmax(0)).sum())
    slopes = [torch.autograd.grad(one, z, retain_graph=True)[0][0].item() for one in made]
    figure = LossExplorer(logit=x, num_classes=k, smoothing=smoothing, double_softmax=True, lr=0.5)
    seen, run = told(figure, SKIP, {"click": "Descend 50 steps"})[1:]
    names = ["cross-entropy", "squared error", "softmax twice"]
    ends = []
    for kind in range(3):
        way = x
        for _ in range(50):
            at = double([way] + [0] * (k - 1)).requires_grad_()
            q = at.softmax(0)
            scores = q if kind == 2 else at
            loss = -(target * scores.log_softmax(0)).sum()
            if kind == 1:
                loss = ((q - target) ** 2).sum()
            way -= 0.5 * torch.autograd.grad(loss, at)[0][0].item()
        ends.append(torch.softmax(double([way] + [0] * (k - 1)), 0)[0])
    short = [f"{v:.3g}" for pair in zip(made, slopes, strict=True) for v in pair]
    least = math.log(math.e + k - 1) - target[0].item()
    assert_said(
        seen,
        f"At z = {x:.1f}, p = {p[0]:.3g}. ",
        f"learning rate\n{0.5:.2f}\nsmoothing\n{smoothing:.2f}\n",
    )
    assert_said(run, f"floor {least:.4f}")
    for kind in range(3):
        found = [run.values[f"{name}{kind}"] for name in ("loss", "grad")]
        assert found == pytest.approx([made[kind].item(), slopes[kind]])
    assert min(made[2].item(), 1e9) > least - 1e-9
    said = ", ".join(f"{p:.3g} with {n}" for p, n in zip(ends, names, strict=True))
    last = double([way] + [0] * (k - 1)).softmax(0)
    said += f", whose second softmax gives {last.softmax(0)[0]:.3g}."
    assert_said(run, f"after 50 steps p is {said}")
    assert run.spoken == f"After 50 steps p is {said}"
    moved = told(figure, SKIP, {"on": "logit", "to": x})[-1]
    loss0, slope0, loss1, slope1 = short[:4]
    if abs(made[1].item()) > 1e-3 < abs(slopes[1]):
        assert moved.spoken == (
            f"Cross-entropy {loss0}, gradient {slope0}; squared error {loss1}, gradient {slope1}."
        )


@pytest.mark.parametrize(
    ("k", "smoothing", "lr", "words"),
    [
        (3, 0.3, 1, "With 3 classes and smoothing 0.3 the target is 1 - 0.3 + 0.3/3 = 0.8,"),
        (
            10,
            0.22,
            1,
            "With 10 classes and smoothing 0.22 the target is 1 - 0.22 + 0.22/10 = 0.802,",
        ),
        (3, 0.3, 0.1, ""),  # it isn't there yet
        (3, 0.2, 1, ""),
    ],
)
def test_loss_comes_to_rest_where_the_target_is(k, smoothing, lr, words):
    settings = {"set": {"num_classes": k, "smoothing": smoothing, "lr": lr}}
    before, after = told(LossExplorer(), SKIP, settings, {"click": "Descend 50 steps"})[-2:]
    assert "✓Goal" not in before.text
    assert ("✓Goal" in after.text) == bool(words)
    assert words in after.text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("x", "k", "lr", "kind"), [(-6, 3, 1, 1), (-6, 10, 0.5, 1), (-5, 3, 1.5, 2)]
)
def test_the_loss_explorer_goes_on_until_one_half_is_passed(x, k, lr, kind):
    steps = []
    for loss in (0, kind):
        way, n = [x], 0
        while way[-1] <= math.log(k - 1):
            p = 1 / (1 + (k - 1) * math.exp(-way[-1]))
            seen = 1 / (1 + (k - 1) * math.exp((1 - p) / (k - 1) - p))
            share = k / (k - 1) * p * (1 - p)
            slope = [p - 1, 2 * share * (p - 1), share * (seen - 1)][loss]
            way.append(way[-1] - lr * slope)
            n += 1
        steps.append(n)
    figure = LossExplorer(logit=x, num_classes=k, lr=lr, double_softmax=kind == 2)
    run, go = {"click": "Descend 50 steps"}, {"click": "Go on to p = ½"}
    *_, gone, again = told(figure, SKIP, run, go, run)
    kind = ["", "Squared error", "Softmax twice"][kind]
    says = f"{kind} passes ½ at step {steps[1]}, cross-entropy at step {steps[0]}."
    paces = f"the first step raised z by {way[1] - x:.2g}, the last by {way[-1] - way[-2]:.2g}."
    assert_said(gone, says, f"About {float(f'{n / steps[0]:.2g}'):g} times as many: {paces}")
    assert gone.spoken == says
    assert_said(gone, f"after {n} steps p is")
    assert_said(again, f"{kind} does not pass ½ in 50 steps.", "after 50 steps p is")


@pytest.mark.parametrize(
    ("dtype", "size", "pattern", "ends"),
    [
        ("float32", 100, [1, 0.5, 0], ("nan", "off by", "right")),
        ("float16", 20, [-1, -2, -3], ("nan", "-inf", "right")),
        ("float32", 200, [1, 0, 0], ("nan", "-inf", "right")),
        ("float64", 3, [1, 0, -1], ("right", "right", "right")),
    ],
)
def test_overflow(dtype, size, pattern, ends):
    kind = getattr(torch, dtype)
    z = (size * double(pattern)).to(kind)
    figure = OverflowExplorer(dtype=dtype, size=size, pattern=pattern, form="naive")
    pages = told(figure, SKIP, {"on": "form.shifted"}, {"on": "form.fused"})[1:]
    numbers = [f"{v:g}" for v in z.tolist()]
    head = f"Logits {', '.join(numbers)} in {dtype}: naive ends "
    sentence = re.search(f"{re.escape(head)}(.*), shifted (.*), fused (.*)\\.\n", pages[0].text)
    for found, expected in zip(sentence.groups(), ends, strict=True):
        assert found.startswith(expected)
    titles = ["Naive: exp, then divide", "Shifted: subtract the maximum first",
              "Fused: log-softmax, no division"]  # fmt: skip
    for page, title, form, end in zip(
        pages, titles, ["naive", "shifted", "fused"], sentence.groups(), strict=True
    ):
        first = "z" if form == "naive" else "z - max"
        steps = [first, "exp", "sum", "log sum" if form == "fused" else "quotient", "log", "exact"]
        rows = [line.split(" | ")[0] for line in page.text.split("\n") if " | " in line]
        assert rows == steps
        assert_said(page, f"{title}\n", f"{form}: {end}\n")
        shown = [page.values[f"{form}.log.{i}"] for i in range(3)]
        exact = z.double().log_softmax(0)
        if end == "right":
            unit = torch.finfo(kind).eps
            assert torch.allclose(double(shown), exact, rtol=16 * unit, atol=16 * unit)
        elif end.startswith("off by"):
            worst = (double(shown) - exact).abs().max().item()
            assert float(end.removeprefix("off by ")) == pytest.approx(worst, rel=0.06)
    shifts = [f"{v:g}" for v in (z - z.max()).tolist()]
    low, high = exp_range(kind)
    assert_said(
        pages[0],
        f"{dtype} {low:.2f} … {high:.2f}; z {', '.join(numbers)}; z - max {', '.join(shifts)}",
        f"exp becomes 0\n{dtype}\nbecomes inf\n",
    )


def exp_range(kind):
    """Where exp becomes zero and infinite: half a unit beyond the smallest and the largest."""
    info = torch.finfo(kind)
    small = math.log(info.smallest_normal) + math.log(info.eps) - math.log(2)
    return small, math.log(info.max) + math.log1p(info.eps / 4)


@pytest.mark.parametrize("label", [1, 3])
def test_backward_pass_step_by_step(label):
    z = [0.7, -1.2, 2.4]
    exps = [math.exp(v) for v in z]
    total = sum(exps)
    figure = BackwardPass(logits=z, label=label)
    pages = told(figure, SKIP, *[{"click": "Show me"}] * 6)[1:]
    subs = "₁₂₃"

    def short(number):
        if abs(number) < 0.1:
            return f"{number:#.3g}"
        return f"{number:.{2 if abs(number) >= 10 else 3}f}"

    part, loss = short(1 / total), math.log(total) - z[label - 1]
    mine = f"z{subs[label - 1]}"
    p = exps[label - 1] / total
    places = 4 if min(exps) / total < 0.005 else 3
    share, gradient = f"{p:.{places}f}", f"{p - 1:.{places}f}"
    grads = [f"{e / total - (k == label):.{places}f}" for k, e in enumerate(exps, 1)]
    ps = [f"p{k} - 1" if k == subs[label - 1] else f"p{k}" for k in subs]
    expected = [
        (
            "The loss's own gradient is 1.",
            "Nudge ln Q: the loss changes by the nudge times what?",
        ),
        ("The loss sends 1 · 1 = 1 to ln Q.", f"Nudge {mine}, ln Q held: the loss changes by the"),
        (f"The loss sends 1 · -1 = -1 to {mine}.", "Q will grow by 1. Drag the handle: how will"),
        (f"ln Q sends 1 · 1/Q = {part} to Q.", "Nudge an exponential: Q changes by the nudge"),
        (
            f"Q sends {part} · 1 = {part} to each exponential.",
            f"{mine} will grow by 0.1. Drag the handle: how will exp {mine} change?",
        ),
        ("Each exp z sends 1/Q · exp z = p", f"{mine} has -1 and {share}. It will grow by 0.1."),
        (
            *(f"{p} = {g}" for p, g in zip(ps, grads, strict=True)),
            "so the gradients add up to 0",
            "Nudge a logit by its handle, any box below the loss",
        ),
    ]
    for page, sentences in zip(pages, expected, strict=True):
        assert_said(page, *sentences)
    assert_said(
        pages[-1],
        "true class\n1\n2\n3\n",
        f"{mine}\n{z[label - 1]:g}\ndirect: -1\nby exp: {share}\n{ps[label - 1]} = {gradient}\n",
        f"loss\n{short(loss)}\n1\n",
        *(f"{TIMES} exp z{subs[i]}\n= {short(exps[i])}" for i in range(3)),
        f"{TIMES} 1/Q\n= {short(1 / total)}",
    )


@pytest.mark.parametrize(
    ("q", "seed"), [([0.57, 0.2, 0.11, 0.07, 0.05], 1), ([0.3, 0.2, 0.2, 0.1, 0.2], 7)]
)
def test_sampled_classes(q, seed):
    logits, names = [1, 0, 1, 3, 2], ["the", "of", "is", "loss", "logit"]
    figure = SampledClasses(logits=logits, q=q, draws=40, seed=seed)
    seen, more = told(figure, SKIP, {"click": "Draw 1 more"})[1:]
    q = double(q)
    counts = double([more.values[f"count {k}"] for k in range(5)])
    assert counts.sum() == 41
    e = double(logits).exp()
    share, right, ends = ((v * e) / (v * e).sum() for v in (counts, torch.ones(5), q))
    off = (share - right).abs().sum().item() / 2
    assert more.values["now"] == pytest.approx(off)
    assert_said(
        more,
        "share of all blocks: "
        + "; ".join(f"{n} {a:.2f}" for n, a in zip(names, share.tolist(), strict=True)),
        *[
            f"{int(n)}\n{p:.{2 if p >= 0.0995 else 3}f}"
            for n, p in zip(counts.tolist(), ends.tolist(), strict=True)
        ],
        "draws\n41\n",
        *[f"{a:.3g}\n{b:.3g}\n{b:.3g}\n" for a, b in zip(q.tolist(), e.tolist(), strict=True)],
        f"41 draws: error {off:.2f}, so much stands above softmax(z).",
    )
    assert more.spoken.startswith("Draw 41 is “")
    assert "\ndraws\n40\n" in seen.text


def test_sampled_classes_are_drawn_from_q():
    """Fifty thousand draws, of 25 seeds."""
    steps = [{"set": {"seed": seed, "draws": 2000}} for seed in range(1, 26)]
    seen = told(SampledClasses(), SKIP, *steps)[2:]
    counts = double([[one.values[f"count {k}"] for k in range(5)] for one in seen])
    assert len({tuple(row.tolist()) for row in counts}) == 25
    assert (counts.sum(1) == 2000).all()
    n, q = 50_000, double([0.57, 0.2, 0.11, 0.07, 0.05])
    assert ((counts.sum(0) - n * q).abs() / (n * q * (1 - q)).sqrt()).max() < 4.5


@pytest.mark.parametrize(
    ("q", "table"),
    [
        ([0.57, 0.2, 0.11, 0.07, 0.05], 102),
        ([0.2] * 5, 47),
        ([0.463, 0.038, 0.0231, 0.014, 0.463], 35),
        ([0.373, 0.107, 0.083, 0.065, 0.373], 29),
        ([0.3, 0.3, 0.3, 0.01, 0.09], None),
    ],
)
def test_the_mean_error_of_sampled_classes_falls_below_a_tenth_where_it_says(q, table):
    """Six thousand runs with other draws than the figure's, and the chapter's table."""
    start = int(told(SampledClasses(q=q, hand="q"), SKIP, SKIP)[2].values["from"])
    assert start == (table or start)
    z = double([2.5, 0, -0.5, -1, 2.5])
    blocks = z.exp() / double(q)
    draws = torch.multinomial(
        double(q), 6000 * start, replacement=True, generator=torch.Generator().manual_seed(0)
    ).reshape(6000, start)
    sums = torch.zeros(6000, 5, dtype=z.dtype).scatter_add_(1, draws, blocks[draws])
    shares = sums / sums.sum(1, keepdim=True)
    error = (shares - z.softmax(0)).abs().sum(1).mean() / 2
    assert error == pytest.approx(0.1, rel=0.02)  # 4 % of the draws


def test_calibration():
    figure = calibration_explorer()
    grid = figure.state()["grid"]
    for k, t in list(enumerate(grid["temperatures"]))[::8]:
        counts, hits, conf = (double(grid[key][k]) for key in ("count", "hits", "confidence"))
        n = counts.sum().item()
        acc = hits / counts.clamp(min=1)
        bias = (counts * (conf - acc)).sum().item() / n
        seen = told(figure, SKIP, {"on": "temperature", "to": k})[-1]
        word = "too sure" if bias > 0 else "not sure enough"
        full = [i for i in range(len(counts)) if counts[i]]
        points = "; ".join(f"confidence {conf[i]:.2f} accuracy {acc[i]:.2f}" for i in full)
        ece = (counts * (conf - acc).abs()).sum().item() / n
        assert ece == pytest.approx(grid["ece"][k], abs=1e-4)
        assert_said(
            seen,
            f"Temperature {t:.2f}: expected calibration error {grid['ece'][k]:.4f}, loss "
            f"{grid['loss'][k]:.4f}. On "
            f"average the model is {word}, by {abs(bias):.3f}; its accuracy stays "
            f"{hits.sum() / n:.4f}.\n",
            f"Reliability diagram: {points}.",
            f"Expected calibration error by temperature; {grid['ece'][k]:.4f} at {t:.2f}.",
            *(f"accuracy {acc[i]:.3f}, {int(counts[i])} examples" for i in full),
        )
        if not seen.spoken.startswith(("The prob", "Flat", "Sharp", "T =")):
            assert (
                seen.spoken == f"Expected calibration error {ece:.4f}, loss {grid['loss'][k]:.4f}."
            )
    least = min(range(len(grid["loss"])), key=grid["loss"].__getitem__)
    best = told(figure, SKIP, {"click": "least loss"})[-1]
    assert_said(
        best,
        f"Of the slider's temperatures, {grid['temperatures'][least]:.2f} has the least loss. "
        f"Its calibration error is "
        f"{grid['ece'][least]:.3f}.",
        f"least loss: T = {grid['temperatures'][least]:.2f}\n",
    )
    sharp = told(figure, SKIP, {"click": "T = 0.25"})[-1]
    share = grid["count"][0][-1] / sum(grid["count"][0])
    assert_said(sharp, f"Sharpened: {share:.2f} of all examples are in the last bin.")


@pytest.mark.parametrize("p", [0.02, 0.3, 0.9])
def test_decisions(p):
    cost = [0, 5, 30, 200, 25, 10]
    names = ["send home", "test further", "treat"]
    expected = [cost[a] * (1 - p) + cost[3 + a] * p for a in range(3)]
    cheapest = names[expected.index(min(expected))]
    seen = told(DecisionExplorer(cost=cost, probability=p), SKIP, {"set": {"cost": [*cost]}})[1]
    assert_said(
        seen,
        f"Expected costs at probability {p:.3f}: "
        + ", ".join(f"{n} {e:.1f}" for n, e in zip(names, expected, strict=True))
        + f". Most probable: {'ill' if p > 0.5 else 'healthy'}. Cheapest: {cheapest}.\n",
        "cost if healthy\nsend home\n0\ntest further\n5\ntreat\n30\n",
        "cost if ill\nsend home\n200\ntest further\n25\ntreat\n10\n",
        f"probability of being ill\n{p:.3f}\n",
    )
    again = told(DecisionExplorer(probability=0.6), SKIP, {"on": "cost.0", "to": 1})[-1]
    e = 0.6 * 25 + 0.4 * 5
    assert again.spoken == f"Cheapest: test further, expected cost {e:.1f}."
    for q in (0.01, 0.1, 0.6, 0.8):
        es = [cost[a] * (1 - q) + cost[3 + a] * q for a in range(3)]
        told_try = told(DecisionExplorer(), SKIP, {"click": f"P(ill) = {q}"})[-1]
        likely = "ill" if q > 0.5 else "healthy"
        assert_said(told_try, f"Most probable: {likely}. Cheapest: {names[es.index(min(es))]}.\n")
    even = told(DecisionExplorer(), SKIP, {"click": "every mistake costs the same"})[-1]
    assert_said(even, "Expected costs at probability 0.600:")
    # both cost 5 + 20 * 0.625
    half = DecisionExplorer(probability=0.625)
    assert "Equally cheap: test further, treat.\n" in told(half, SKIP)[-1].text
    assert half.describe().endswith("equally cheap: test further, treat.")


def test_equally_cheap_actions_are_all_named_shaded_by_none_and_in_view():
    high = DecisionExplorer(cost=[200] * 6, probability=0.5)
    seen = told(high, {"on": "probability", "to": 1})[-1]
    assert seen.spoken == "Equally cheap: send home, test further, treat, expected cost 200.0."
    assert "send home, test further, treat from 0 to 1." in " ".join(seen.labels)
    assert "Most probable: ill. Equally cheap: send home, test further, treat.\n" in seen.text
    middle = told(high, {"on": "probability", "to": 0})[-1]
    assert "Equally probable: healthy, ill. Equally cheap: " in middle.text
    assert "Both states are equally probable; equally cheap: send home" in high.describe()
    kinds = " ".join(seen.drawn)
    assert kinds.count("path.line") == 3
    assert "rect" not in kinds


def test_label_suspects():
    figure = label_suspects(shown=0, verdicts=[])
    data = figure.state()["data"]
    names = data["classes"]
    given, votes = data["given"][0], data["votes"][0]
    other = max((k for k in range(10) if k != given), key=lambda k: votes[k])
    pair = [names[k] for k in sorted([given, other])]
    ways = [
        [SKIP, {"click": choice}]
        for choice in (names[given], names[other], "neither, or can't say")
    ]
    listed = sorted((k for k in range(10) if votes[k]), key=lambda k: -votes[k])
    truth = (
        f"The data set says {names[given]}. Labels of the ten nearest: "
        + ", ".join(f"{names[k]} {votes[k]}" for k in listed)
    )  # fmt: skip
    mine = ["You agree with the data set. ", "You agree with the neighbours. ",
            "You named neither. "]  # fmt: skip
    for i, (_, before, after) in enumerate(told_each(figure, ways)):
        counts = [int(i == j) for j in range(3)]
        assert_said(
            before,
            f"Is it {pair[0]} or {pair[1]}?",
            "Its nearest images, and its label, show once you have answered.",
            "None is judged yet.",
            f"Training image {data['numbers'][0]}, 28 by 28 grey pixels",
            f"image\n1 of {len(data['given'])}\n",
        )
        assert truth not in before.text
        assert_said(
            after,
            mine[i] + truth,
            "\n".join(names[k] for k in data["near"][0]),
            f"Judged 1: {counts[0]} with the data set's label, {counts[1]} with the neighbours', "
            f"{counts[2]} with neither.",
        )
        assert after.spoken.startswith(truth)
        assert (before.disabled, after.disabled) == (["Back"], ["Back"])
    against = [max(v for k, v in enumerate(row) if k != g) for row, g in
               zip(data["votes"], data["given"], strict=True)]  # fmt: skip
    own = [row[g] for row, g in zip(data["votes"], data["given"], strict=True)]
    most, closest = told_each(
        figure,
        [[SKIP, {"click": f"one {n}"}] for n in ("with most against it", "with least against it")],
    )
    assert_said(most[-1], f"{max(against)} of its ten nearest images carry one other label.")
    i = closest[-1].state["shown"]
    assert i  # a figure that opens on the first image shows no chip as chosen
    assert against[i] - own[i] == min(a - b for a, b in zip(against, own, strict=True))
    verb = "carries" if own[i] == 1 else "carry"
    assert_said(
        closest[-1],
        f"{against[i]} of its ten nearest images carry one other label, {own[i]} {verb} its own.",
    )
    real = told(label_suspects(source="real"), SKIP)[-1]
    assert "stand-in" not in real.text
    assert "These images are the stand-in's" in before.text


def test_browser_regression():
    figure = BrowserRegression(lr=0.1, batch_size=20, epochs=5)
    keys = ["ArrowUp", "Enter", " ", "ArrowLeft", " "]
    n = 3 * figure.spec()["constants"]["per_class"]
    ways = [[{"set": {"new_class": 2}}, *({"key": key} for key in keys)], [{"set": {"lr": 10}}]]
    (first, _, *pages), (_, wild) = told_each(figure, ways)
    steps = 5 * math.ceil(n / 20)
    loss, accuracy = first.values["loss"], first.values["accuracy"]
    assert_said(
        first,
        f"lr 0.1, step {steps}, epoch 5 of 5: loss {loss:.3f}, accuracy {accuracy:.3f}.\n",
        f"lr 0.1: {loss:.2f}.",
        "learning rate\n0.1\nbatch size\n20\nepochs\n5\n",
    )
    said = [page.spoken for page in pages]
    assert said[0] == "Cross at 3.0, 3.1."
    assert said[1].startswith("Point of class 2 added at 3.0, 3.1. Loss ")
    assert [said[2], said[4]] == ["Point of class 2 taken along.", "Point dropped at 2.9, 3.1."]
    assert pages[-1].state["added"] == [[2.9, 3.1, 2]]
    alarmed = "Over the last epoch the mean loss is more than twice that of guessing." in wild.text
    assert not alarmed or wild.values["loss"] > math.log(3)
    assert "more than twice that of guessing" not in first.text


def test_the_lab_says_what_is_recorded():
    figure = training_lab(lr=1.0, epochs=7)
    recording = figure.state()["recording"]
    runs, names = recording["runs"], recording["classes"]
    (seen, kept) = told(figure, {"click": "Keep this curve"}, {"on": "lr", "to": 0})[::2]
    i = recording["lrs"].index(1.0)
    run = runs[i]
    n = len(names)
    counts = torch.tensor(run["confusion"]).view(n, n)
    recall = (counts.diag() / counts.sum(1)).tolist()
    wrong = counts.clone()
    wrong.fill_diagonal_(0)
    a, b = divmod(int(wrong.argmax()), n)
    assert_said(
        seen,
        "Recorded runs from when this notebook was run on the STAND-IN data, not the real images: "
        f"{len(runs)} learning rates, {recording['num_epochs']} epochs each. With a kernel, this",
        f"Fixed: all recorded runs used minibatches of {recording['batch_size']}. Changing it "
        f"needs a",
        f"Recorded, learning rate 1, after epoch 7: "
        f"running training loss {run['train_loss'][6]:.3f}, "
        f"running training accuracy {run['train_accuracy'][6]:.3f}, test accuracy "
        f"{run['test_accuracy'][6]:.3f}.",
        f"Recorded, learning rate 1, after epoch {len(run['test_accuracy'])}. Most often confused: "
        f"{names[a]} taken for {names[b]}, {wrong.max()} of {counts[a].sum()}.",
        "Recall: " + ", ".join(f"{c} {r:.2f}" for c, r in zip(names, recall, strict=True)),
        "epochs\n7\n",
        "Loss by epoch of the runs ",
    )
    assert "Loss by epoch of the runs 1, 0.01." in kept.labels
    low = f"learning rate 0.01, epoch 7: test accuracy {runs[0]['test_accuracy'][6]:.3f}."
    assert kept.spoken == f"Recorded, {low}"


def test_the_lab_says_what_the_kernel_does():
    figure = training_lab()
    empty = {key: [] for key in ("train_loss", "train_accuracy", "test_accuracy")}
    going = {"phase": "training", "lr": 0.5, "batch_size": 32, "epochs": 4, "part": 0.5, **empty}
    later = going | {"train_loss": [0.9], "train_accuracy": [0.7], "test_accuracy": [0.65]}
    failed = {"phase": "failed", "message": "the disk is full"}
    steps = [{"set": {"status": status}} for status in (going, later, failed)]
    first, begun, epoch, end, asked = told(
        figure, *steps, {"click": "Train"}, live=True, runs=[], status={"phase": "idle"}
    )
    size = figure.state()["recording"]["batch_size"]
    assert_said(
        first,
        "Live kernel Train fits a new model on the STAND-IN data, not the real images with these "
        f"settings. Curves are named live rate/batch size; in blue, the run recorded with batch "
        f"size {size}.",
    )
    assert_said(begun, "Live run, learning rate 0.5, batch size 32: the first epoch is under way.")
    assert_said(
        epoch,
        "Live run, learning rate 0.5, batch size 32, after epoch 1: running training loss 0.900, "
        "running training accuracy 0.700, test accuracy 0.650.",
        "live 0.5/32",
    )
    assert "Train" in begun.disabled
    assert "Stop" not in begun.disabled
    assert "Stop" in first.disabled
    assert_said(end, "Training failed: the disk is full")
    assert_said(asked, "Asked the kernel to train…")
    done = figure.state()["recording"]["runs"][0] | {"lr": 0.9, "batch_size": 32, "epochs": 4}
    sure = {"wrong": 5, "share": 0.8, "divisor": 4, "loss": 0.7}  # of the last epoch alone
    done["ends"] = [{"sure": None}] * (len(done["test_accuracy"]) - 1) + [{"sure": sure}]
    (found,) = told(figure, live=True, runs=[done], lr=1.0, status={"phase": "done"})
    last = len(done["test_accuracy"])
    assert_said(
        found,
        f"Live run, learning rate 0.9, batch size 32, after epoch {last}. Most often confused:",
        "Why so large a loss?",
    )


@pytest.mark.parametrize("rival", [False, True])
def test_what_the_model_sees(rival):
    figure = biased(label=1, silhouette=0, against_rival=rival, change=0)
    state = figure.state()
    seen, moved = told(figure, SKIP, {"on": "change", "to": 1})[1:]
    model, x = seen.state["model"], pixels(state["silhouettes"])[0]
    w = weights(model)
    bias = double(model["bias"])
    z = x @ w + bias
    p = z.softmax(0)
    first = int(z.argmax())
    other = max((k for k in range(10) if k != 1), key=lambda k: z[k])
    adds = x * (w[:, 1] - (w[:, other] if rival else 0))
    b = bias[1] - (bias[other] if rival else 0)
    what = f"{CLASSES[1]} minus {CLASSES[other]}" if rival else f"the score of {CLASSES[1]}"
    total = z[1] - (z[other] if rival else 0)
    lengths = (w - w[:, [first]]).norm(dim=0)
    far = (z[first] - z) / lengths
    far[first] = math.inf
    second = int(far.argmin())
    step = far[second] / lengths[second] * (w[:, second] - w[:, first])
    sizes = f"{step.square().mean().sqrt():.4f}", f"{step.abs().max():.3f}"
    assert_said(
        seen,
        f"The model says {CLASSES[first]}, probability {p[first]:.3f}. "
        f"{what[0].upper()}{what[1:]}: pixels add {adds.clamp(min=0).sum():.2f} and take "
        f"{-adds.clamp(max=0).sum():.2f} away; with the bias ({b:.2f}) it is {total:.2f}.\n",
        f"The smallest change that alters the answer turns {CLASSES[first]} into "
        f"{CLASSES[second]}. It moves the pixels by {sizes[0]} in the root mean square and by "
        f"{sizes[1]} at most; black to white is 1, and pixels may leave the range from black to "
        "white.",
        f"At 1, {CLASSES[first]} and {CLASSES[second]} are equally likely; below 0 the way leads "
        "away from there.",
        f"the smallest change, drawn {float(f'{1 / step.abs().max():.2g}'):g} times as strong: "
        "blue brighter, red darker",
        f"what each pixel adds to {what}: blue more, red less",
        f"drawn {CLASSES[0]}: paint on it",
        "the image with 0.00 of the change",
    )
    assert "the image with 1.00 of the change" in moved.text
    assert moved.values[f"z{first}"] == pytest.approx(moved.values[f"z{second}"])
    assert moved.spoken.startswith("The model says ")
    assert f"; {what} " in moved.spoken


def pixels(text):
    return double(list(b64decode(text))).view(10, 784) / 255
