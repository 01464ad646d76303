"""The Python side of the figures: what they say, store and refuse; no browser."""

import base64
import io
import json
import math
import re

import anywidget
import numpy as np
import pytest
import torch
import traitlets as t
from figure_samples import calibration_explorer, recorded, scores
from PIL import Image
from tiny import tiny_data

from course_utils.calibration import expected_calibration_error
from course_utils.data import CLASSES
from course_utils.figures import scripts
from course_utils.figures.backward_pass import BackwardPass
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.calibration_explorer import TEMPERATURES, CalibrationExplorer
from course_utils.figures.decision_explorer import DecisionExplorer
from course_utils.figures.jacobian_explorer import JacobianExplorer
from course_utils.figures.label_suspects import LabelSuspects
from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.overflow_explorer import OverflowExplorer
from course_utils.figures.pair_merge import BELOW, PairMerge
from course_utils.figures.quiz import Quiz
from course_utils.figures.sampled_classes import SampledClasses
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.figures.training_lab import TrainingLab
from course_utils.figures.traits import Integer, Number, Numbers, StateError, plain
from course_utils.figures.what_the_model_sees import WhatTheModelSees
from course_utils.models import SoftmaxRegression
from course_utils.plots.style import COLORS
from course_utils.softmax import cross_entropy, softmax, softmax_jacobian

# --- what all have in common ---------------------------------------------------------------


class Probe(InteractiveFigure):
    _name = "loss_explorer"
    _title = "Probe"
    temperature = Number(1, 0.1, 10)
    row = Integer(1, 0, 3)
    logits = Numbers([1, 2], -5, 5, least=2, most=3)
    form = t.Enum(("naive", "shifted"), "naive").tag(sync=True)
    smooth = t.Bool(False).tag(sync=True)
    job = t.Unicode("idle").tag(sync=True, static=False)


def stored(figure):
    return json.loads(re.search(r"<script[^>]*>(.*?)</script>", figure.static_html())[1])


def test_static_form_holds_own_traits_only():
    assert stored(Probe()) == {
        "form": "naive",
        "logits": [1.0, 2.0],
        "row": 1,
        "smooth": False,
        "temperature": 1.0,
        "version": 1,
    }


def test_static_form_is_sorted_and_stable():
    text = re.search(r"<script[^>]*>(.*?)</script>", Probe().static_html())[1]
    assert text == json.dumps(json.loads(text), sort_keys=True)
    assert Probe().static_html() == Probe().static_html()


def test_static_form_cannot_close_its_script():
    class Named(Probe):
        words = t.Unicode("</script><!--").tag(sync=True)

    html = Named().static_html()
    assert html.count("</script>") == 1
    assert "<!--" not in html
    assert stored(Named())["words"] == "</script><!--"


def test_mimebundle_has_the_live_and_the_static_form():
    figure = Probe(row=2)
    data, _ = figure._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.model_id
    assert data["text/html"] == figure.static_html()
    assert data["text/plain"] == repr(figure)


def test_repr_is_stable_and_names_the_state():
    assert repr(Probe()) == (
        "Probe(form='naive', logits=[1.0, 2.0], row=1, smooth=False, temperature=1.0)"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, 0.3),
        (1 / 3, 0.3333333),
        (-0.0, 0.0),
        (math.nan, None),
        (math.inf, None),
        ((1, 2.00000001), [1, 2.0]),
        ({"a": [math.nan]}, {"a": [None]}),
    ],
)
def test_plain_rounds_and_drops_what_json_lacks(value, expected):
    assert plain(value) == expected
    assert math.copysign(1, plain(-0.0)) == 1


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("temperature", 99, 10),
        ("temperature", -math.inf, 0.1),
        ("row", 7, 3),
        ("row", 1.6, 2),
        ("logits", [9, 0], [5, 0]),
    ],
)
def test_out_of_range_is_clamped_and_said(name, value, shown):
    figure = Probe(**{name: value})
    assert getattr(figure, name) == shown
    assert (name in figure.notice) == (value != 1.6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "hot"),
        ("temperature", math.nan),
        ("temperature", True),
        ("logits", [1]),
        ("logits", [1, 2, 3, 4]),
        ("logits", [1, "2"]),
        ("logits", 3),
        ("form", "fused"),
        ("smooth", "yes"),
    ],
)
def test_malformed_value_is_refused_by_name(name, value):
    with pytest.raises(t.TraitError, match=name):
        Probe(**{name: value})


def test_figures_do_not_share_state():
    one, two = Probe(), Probe()
    one.logits = [3, 4]
    assert two.logits == [1.0, 2.0]
    assert one.logits is not Probe().logits
    Probe().logits.append(5)
    assert Probe().logits == [1.0, 2.0]


# --- what the front end is given -----------------------------------------------------------


def test_front_end_is_given_limits_and_defaults():
    assert Probe.spec() == {
        "name": "loss_explorer",
        "title": "Probe",
        "version": 1,
        "constants": {},
        "traits": {
            "form": {"kind": "choice", "init": "naive", "options": ["naive", "shifted"]},
            "logits": {
                "kind": "numbers", "init": [1, 2], "min": -5, "max": 5, "least": 2, "most": 3,
            },
            "row": {"kind": "integer", "init": 1, "min": 0, "max": 3},
            "smooth": {"kind": "flag", "init": False},
            "temperature": {"kind": "number", "init": 1, "min": 0.1, "max": 10},
        },
    }  # fmt: skip


def test_a_figure_is_one_module_with_its_own_limits():
    text = Probe()._esm
    spec = re.search(r"^const SPEC = (.*);$", text, re.MULTILINE)
    assert json.loads(spec[1]) == Probe.spec()
    assert not re.search(r"^import |^export (?!default )", text, re.MULTILINE)
    assert text.count("export default ") == 1


@pytest.mark.parametrize("name", scripts.names())
def test_no_two_modules_of_a_figure_declare_the_same_name(name):
    text = scripts.source(name, scripts.figure_class(name).spec())
    declared = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", text, re.MULTILINE)
    assert len(declared) > 50
    assert sorted(declared) == sorted(set(declared))


def test_every_module_has_its_python_class():
    assert scripts.names()
    for name in scripts.names():
        figure = scripts.figure_class(name)
        assert issubclass(figure, anywidget.AnyWidget)
        assert figure._name == name
        assert figure._title


def test_css_and_python_palettes_agree():
    light = scripts.read("theme.css").split("@media")[0]
    shown = {name: colour.upper() for name, colour in re.findall(r"--cu-(\w+): (#\w{6})", light)}
    assert shown.items() >= {name: colour.upper() for name, colour in COLORS.items()}.items()


#: Classes that only scripts and tests look for, and those of the pages around a figure.
HOOKS = {"marks", "quiz", "told"}
AROUND = {
    "bd-article", "bd-content", "cell_output", "jp-OutputArea-output", "text_html", "vscode-dark",
}  # fmt: skip
GIVEN = (
    r'\b(?:html|svg|math)\(\s*"\w+\.([\w.-]+)"',  # html("p.note.soft", ...)
    r'\bclass(?:Name =|:) ["`]([\w -]+)["`]',
    r'classList\.\w+\("([\w-]+)"',
)


def test_scripts_and_style_sheets_know_the_same_classes():
    """One that is misspelt in either would only look wrong."""
    script = "\n".join(p.read_text() for p in scripts.STATIC.rglob("*.js"))
    sheets = "\n".join(scripts.style(p.name) for p in scripts.STATIC.glob("*.css"))
    selectors = " ".join(re.findall(r"([^{}]+)\{", sheets))
    styled = set(re.findall(r"\.([a-z][\w-]*)", selectors))
    given = {word for form in GIVEN for text in re.findall(form, script)
             for word in re.split(r"[. ]", text)}  # fmt: skip
    assert len(given) > 80
    assert given - styled == HOOKS
    numbered = re.sub(r"\bv\$\{verdict", "v1 v2 v3 ", script)
    words = set(re.findall(r"[\w-]+", numbered))
    assert styled - words == AROUND


def test_lines_are_as_long_as_in_python():
    sources = [*scripts.STATIC.glob("*.*"), *scripts.STATIC.glob("kit/*")]
    long = {p.name: line for p in sources for line in p.read_text().splitlines() if len(line) > 100}
    assert len(sources) > 10
    assert long == {}


# --- each says in words what it shows ------------------------------------------------------


@pytest.mark.parametrize(
    "figure", [SoftmaxPlayground, JacobianExplorer, LossExplorer, OverflowExplorer]
)
def test_default_figure_says_what_it_shows(figure):
    made = figure()
    assert made.describe() in made.static_html()
    assert made._title in made.static_html()
    assert "<" not in made.describe()
    assert repr(made).startswith(f"{figure.__name__}(")
    assert " at 0x" not in repr(made)


def test_playground_probabilities_are_softmax():
    figure = SoftmaxPlayground(logits=[10, 0.1, 10, -3], temperature=0.5, shift=4, scale=2)
    z = torch.tensor(figure.logits, dtype=torch.float64)
    expected = softmax((z * 2 + 4) / 0.5)
    torch.testing.assert_close(torch.tensor(figure.probabilities(), dtype=z.dtype), expected)


def test_playground_words_name_each_class():
    figure = SoftmaxPlayground(logits=[2, 1, -1, 0], temperature=0.5, shift=3, scale=2)
    p = softmax(4 * torch.tensor(figure.logits)).tolist()
    parts = zip(("dog", "cat", "chicken", "horse"), figure.logits, p, strict=True)
    said = "; ".join(f"{name} has score {z:g} and probability {q:.3f}" for name, z, q in parts)
    assert figure.describe() == f"{said}. Temperature 0.5."


@pytest.mark.parametrize("logits", [3, "abc", [1.0], [0.0] * 99])
def test_logits_must_be_a_list_of_the_right_length(logits):
    with pytest.raises(StateError, match="logits must be a list of"):
        SoftmaxPlayground(logits=logits)


def test_jacobian_words_are_the_column():
    figure = JacobianExplorer(column=5)  # more than there are classes: the last
    z = torch.tensor(figure.logits, dtype=torch.float64)
    matrix = softmax_jacobian(z)
    torch.testing.assert_close(torch.tensor(figure.jacobian(), dtype=z.dtype), matrix)
    column, product = (
        ", ".join(f"{x:+.3f}" for x in found)
        for found in (matrix[:, 2], matrix[:, 0] - 2 * matrix[:, 1])
    )
    assert figure.describe() == (
        f"Column 3 of the softmax Jacobian is ({column}): how fast each probability changes with "
        "logit 3. It sums to zero."
    )
    assert JacobianExplorer(product=True, v=[1, -2]).describe() == (
        f"The softmax Jacobian times v = (1, -2, 0) is ({product}): p times (v - mean)."
    )


def test_loss_words_are_cross_entropy():
    figure = LossExplorer(logit=-6, num_classes=4)
    logits = torch.tensor([[-6.0, 0, 0, 0]], dtype=torch.float64, requires_grad=True)
    loss = cross_entropy(logits, torch.tensor([0]))
    loss.backward()
    slope = logits.grad[0, 0].item()
    assert figure.describe() == (
        f"The true class has score -6 and probability {1 + slope:.4f}, the other 3 score 0: "
        f"cross-entropy {loss.item():.3f}, gradient {slope:.3f}."
    )


def test_overflow_words_name_scores_and_format():
    words = OverflowExplorer(dtype="float16", size=1.5, pattern=[1, -0.5, 0]).describe()
    assert words.startswith("Log-softmax of the logits 1.5, -0.75, 0 in float16, step by step: ")


def test_overflow_knows_its_formats():
    with pytest.raises(t.TraitError, match=r"dtype.*'float8'"):
        OverflowExplorer(dtype="float8")


# --- points to train on --------------------------------------------------------------------


def test_regression_says_how_many_clouds_and_which_rate():
    words = BrowserRegression(num_classes=4, lr=0.5).describe()
    assert "4 clouds" in words
    assert "learning rate 0.5;" in words


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("abc", "added must hold"),
        ([7], "rows, got 7"),
        ([["a", 2, 0]], "rows, got"),
        ([[1, float("nan"), 0]], "rows, got"),
        ([[1, True, 0]], "rows, got"),
        ([[1, 2, 0.5]], "classes 0 to 4, got 0.5"),
    ],
)
def test_points_that_are_none_are_refused(added, message):
    with pytest.raises(StateError, match=message):
        BrowserRegression(added=added)


def test_points_are_moved_into_the_square():
    assert BrowserRegression(added=[(9, -1, 1), [-1, 99, 4.0]]).added == [[6, 0, 1], [0, 6, 4]]
    assert BrowserRegression().added == []


def test_out_of_range_settings_are_clamped_and_said():
    figure = BrowserRegression(lr=100)
    assert figure.lr == 10
    assert "lr 100 is outside" in figure.notice
    assert BrowserRegression(num_classes=9).num_classes == 5


# --- calibration ---------------------------------------------------------------------------


def test_calibration_state_is_compact():
    assert len(calibration_explorer().static_html()) < 20_000


@pytest.mark.parametrize("temperature", [0.25, 1.0, 2.0])
def test_calibration_words_are_those_of_the_scaled_scores(temperature):
    figure = calibration_explorer(temperature=temperature)
    logits, labels = scores()

    def loss(temperature):
        return cross_entropy(logits / temperature, labels).item()

    error = expected_calibration_error(softmax(logits / temperature), labels)
    assert figure.describe() == (
        f"At temperature {temperature:.3g} the expected calibration error is {error:.4f} "
        f"and the loss {loss(temperature):.4f}. The loss is least at temperature "
        f"{min(TEMPERATURES, key=loss):.3g}. The accuracy is the same at every temperature."
    )


@pytest.mark.parametrize("probability", [0.02, 0.1, 0.7])
def test_decision_words_are_those_of_the_expected_costs(probability):
    figure = DecisionExplorer(probability=probability)
    p = torch.tensor([1 - probability, probability], dtype=torch.float64)
    expected = p @ torch.tensor(figure.cost, dtype=torch.float64).view(2, -1)
    costs = zip(figure.actions, expected.tolist(), strict=True)
    assert figure.describe() == (
        f"Probability of being ill: {probability:.3g}. Expected costs: "
        + ", ".join(f"{action} {cost:.3g}" for action, cost in costs)
        + f". The most probable state is {'ill' if probability > 0.5 else 'healthy'}; "
        f"the cheapest action is: {figure.actions[expected.argmin()]}."
    )


def test_nothing_about_single_examples_is_stored():
    first, second = calibration_explorer().state(), calibration_explorer().state()
    assert first == second
    assert sum(first["grid"]["count"][0]) == 400
    assert 1.0 in first["grid"]["temperatures"]


@pytest.mark.parametrize("cost", [[1.0] * 5, [1.0] * 3, [1.0] * 8, "cheap"])
def test_malformed_costs_are_refused(cost):
    with pytest.raises(StateError, match="cost must"):
        DecisionExplorer(cost=cost)


def test_costs_out_of_range_are_clamped_and_said():
    figure = DecisionExplorer(cost=[0, 5, 20, 5000, 25, 10])
    assert figure.cost[3] == 200
    assert "cost[3]" in figure.notice


def test_scores_that_are_not_finite_are_named():
    logits, labels = scores()
    logits[3, 0] = torch.nan
    with pytest.raises(ValueError, match="logits must be finite"):
        CalibrationExplorer(logits, labels)


# --- quick questions -----------------------------------------------------------------------

OPTIONS = [("0", "Too few."), ("1.", "So it is."), ("2?", "Too many.")]


@pytest.mark.parametrize(
    ("options", "right", "match"),
    [
        (OPTIONS * 3, 0, "2 to 6"),
        ([("a",), ("b", "c")], 0, "pairs"),
        (OPTIONS, -1, "right"),
    ],
)
def test_a_malformed_question_is_refused(options, right, match):
    with pytest.raises(ValueError, match=match):
        Quiz("1.a", "How many?", options, right)


def test_a_question_stands_in_words_and_holds_no_answer_of_a_reader():
    quiz = Quiz("1.a", "How many?", OPTIONS, right=1)
    assert "How many? (a) 0. (b) 1. (c) 2? Run" in quiz.static_html()
    assert quiz.state()["chosen"] == -1
    assert repr(quiz) == "Quiz('1.a', 'How many?')"


# --- the backward pass ---------------------------------------------------------------------


def test_backward_words_are_loss_and_gradient():
    figure = BackwardPass(logits=[0.5, -1, 2], label=3)
    z = torch.tensor([figure.logits], dtype=torch.float64, requires_grad=True)
    loss = cross_entropy(z, torch.tensor([2]))
    loss.backward()
    assert figure.describe() == (
        f"The logits 0.5, -1, 2 have the loss {loss.item():.3f} if class 3 is the true one. "
        "Backwards, node by node, they get the gradients "
        f"{', '.join(f'{g:+.3f}' for g in z.grad[0].tolist())}: p minus the label."
    )


# --- pairs that merge ----------------------------------------------------------------------


def test_pair_words_are_those_of_all_scores():
    figure = PairMerge(tops=[1, -2, 3, 2.5], dtype="bfloat16")
    below = torch.tensor(BELOW[:4])
    tops = torch.tensor(figure.tops, dtype=torch.float64)
    scores = torch.cat([tops, tops + below])
    total = (scores - scores.max()).exp().sum()
    assert figure.describe() == (
        "Four shards of scores, 1, 0; -2, -4; 3, 3; 2.5, -0.5, are described by their largest "
        "score and the sum of exponentials relative to it. Merged in whatever order, the four "
        f"pairs make (3, {total:.4g}), up to rounding: log-sum-exp {scores.logsumexp(0):.4f}. No "
        "exponent is above 0. Added without the factors that bring them to the common maximum, "
        f"the sums would make {4 + below.double().exp().sum():.4g}."
    )


# --- sampled classes -----------------------------------------------------------------------


def test_sampling_words_are_where_both_sums_go():
    figure = SampledClasses(logits=[0.5, -1, 2, 0, 1], q=[0.5, 0.4, 0.3, 0.2, 0.1])
    z = torch.tensor(figure.logits, dtype=torch.float64)
    q = torch.tensor(figure.q, dtype=torch.float64) / 1.5
    plain, right = (", ".join(f"{p:.3f}" for p in x.softmax(0)) for x in (z + q.log(), z))
    assert figure.describe() == (
        "Five words with the scores 0.5, -1, 2, 0, 1 are drawn with the frequencies q = "
        f"{', '.join(f'{v:.3g}' for v in q)}. If every draw adds exp(z), the words' shares in the "
        f"sum go to {plain}: softmax of z + ln q. With exp(z - ln q) they go to {right}: softmax "
        "of z."
    )


# --- suspected labels ----------------------------------------------------------------------


def suspicious():
    """Images of two grey values; number 0 and 3 carry the label of the other kind."""
    grey = torch.arange(40) % 2
    images = (0.2 + 0.6 * grey)[:, None, None] + torch.rand(
        40, 28, 28, generator=torch.Generator().manual_seed(0)
    ) / 50
    labels = grey.clone()
    labels[[0, 3]] = 1 - labels[[0, 3]]
    return images, labels


def test_suspects_are_those_most_of_whose_neighbours_carry_one_other_label():
    images, labels = suspicious()
    figure = LabelSuspects.of(images, labels, ("dark", "pale"), torch.tensor([3, 7, 0]))
    assert figure.data["numbers"] == [3, 0]  # 7 is not doubted
    assert figure.data["given"] == [0, 1]
    # at most the other damaged image is among the ten
    assert all(max(votes) >= 9 and sum(votes) == 10 for votes in figure.data["votes"])
    assert "2 training images" in figure.describe()
    assert "dark 1, pale 1" in figure.describe()


def test_the_sheet_holds_each_suspect_and_its_nearest_images():
    images, labels = suspicious()
    figure = LabelSuspects.of(images, labels, ("dark", "pale"), torch.tensor([3, 0]))
    png = base64.b64decode(figure.data["sheet"].removeprefix("data:image/png;base64,"))
    sheet = np.asarray(Image.open(io.BytesIO(png)).convert("L")).reshape(2, 28, 4, 28)
    distances = (images[[3, 0], None] - images).square().sum(dim=(2, 3))
    for row, suspect in enumerate((3, 0)):
        nearest = distances[row].argsort()[:4].tolist()
        assert nearest[0] == suspect
        assert figure.data["near"][row] == labels[nearest[1:]].tolist()
        for column, number in enumerate(nearest):
            shown = torch.from_numpy(sheet[row, :, column].copy()) / 255
            assert (shown - images[number]).abs().max() < 0.5 / 15 + 1e-6


def test_the_remedy_of_each_message_of_a_figure_works():
    data = tiny_data(n=40, classes=10, side=28)
    suspects = torch.tensor([3])
    names = {"data": data, "SoftmaxRegression": SoftmaxRegression}

    def find(images):
        return LabelSuspects.of(images, data.train.labels, CLASSES, suspects)

    for use, wrong in (
        (find, data.test.images[:, :14]),
        (lambda model: WhatTheModelSees.of(model, CLASSES), torch.nn.Linear(3, 2)),
        (lambda make: TrainingLab(make, *recorded()), SoftmaxRegression()),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            use(wrong)
        remedy = re.search(r"; (?:pass|wrap the model:) (?:a )?([^;]*)$", str(caught.value))[1]
        use(eval(remedy, names))


def test_at_most_three_suspects_of_a_kind_and_images_of_another_size_are_refused():
    images, labels = suspicious()
    labels[[2, 4, 6, 8]] = 1
    figure = LabelSuspects.of(images, labels, ("dark", "pale"), torch.tensor([2, 4, 6, 8, 3]))
    assert figure.data["numbers"] == [2, 3, 4, 6]  # one of each kind first
    with pytest.raises(ValueError, match=r"images must have shape .* got \(40, 14, 56\)"):
        LabelSuspects.of(images.reshape(40, 14, 56), labels, ("dark", "pale"), torch.tensor([2]))
    nothing = LabelSuspects.of(
        images, labels, ("dark", "pale"), torch.tensor([], dtype=torch.int64)
    )
    assert "here there are none" in nothing.describe()
