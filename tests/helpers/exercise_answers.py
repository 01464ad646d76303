"""Answers that people give to the exercises, right ones in many forms and wrong ones.

``RIGHT`` and ``WRONG`` have an entry for each exercise, "next" for one whose statement the chapter
does not have yet. A wrong answer comes with the beginning of the sentence that should name it, or
with an empty string, if it is no listed mistake and none may be named.
"""

import math
from decimal import Decimal
from fractions import Fraction
from functools import partial, reduce

import mpmath
import numpy as np
import sympy
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

T, E = torch.tensor, torch.einsum
RIGHT: dict[str, list] = {}
WRONG: dict[str, list] = {}


def grads(f, *xs):
    """Gradients by autograd."""
    xs = [x.detach().clone().requires_grad_() for x in xs]
    return torch.autograd.grad(f(*xs), xs)


def as_numpy(f):
    """The same function with arrays in place of tensors."""
    return lambda *args: f(*(a.numpy() if isinstance(a, Tensor) else a for a in args))


# ---------------------------------------------------------------- Chapter 1
e4 = math.exp(4)
RIGHT["1.1"] = [
    e4,
    54.6,
    54.598,
    Decimal("54.60"),
    T(4.0).exp(),
    np.exp(np.float32(4)),
    [54.6],
    mpmath.e**4,
    sympy.exp(4),
    Fraction(546, 10),
    T(e4).half(),
]
WRONG["1.1"] = [
    ("right to 2 digits", 55),
    ("right to 2 digits", 54.5),
    ("", 50),
    ("That is a power of 2", 16),
    ("", -54.6),
    ("", [54.6, 1]),
    ("A ratio of scores", -3),
    ("That is the lead", 4),
    ("Those are the odds of dog against cat", 7.39),
    ("Those are the odds of chicken", 0.0183),
    ("That is the probability of dog without the cat", 0.982),
    ("", "e^4"),
    ("", e4 - 1),
    ("The lead is the exponent of e, not a factor before", 10.87),
    ("That is e times a lead", 5.44),
    ("Odds are the quotient", 19.7),
    ("The digits after the point", 54),
    ("That is e to the quotient", math.exp(-3)),
    ("That is the logarithm of the lead", 1.386),
    ("That is a score, or a ratio", 3),
    ("That is the lead over the cat", 2),
    ("That is the lead of the chicken", -4),
    ("That is a power of 10", 1e4),
    ("Those are the odds of cat", 0.135),
    ("That is the probability of chicken", 0.0159),
]


def rows_in_a_loop(z):
    out = torch.empty_like(z)
    for i, row in enumerate(z):
        out[i] = torch.exp(row) / torch.exp(row).sum()
    return out


def hard(z):
    return F.one_hot(z.argmax(1), z.shape[1]).float()


RIGHT["1.2"] = [
    lambda z: z.exp() / z.exp().sum(1, keepdim=True),
    lambda z: z.exp() / z.exp().sum(-1).view(-1, 1),
    lambda z: (z.exp().T / z.exp().sum(1)).T,
    rows_in_a_loop,
    lambda z: math.e**z / (math.e**z).sum(1)[:, None],
    as_numpy(lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)),
    lambda z: [[math.exp(x) / sum(math.exp(y) for y in row) for x in row] for row in z.tolist()],
    lambda z: (z.double() - z.max()).exp() / (z.double() - z.max()).exp().sum(1, keepdim=True),
    lambda z: E("nk,n->nk", z.exp(), 1 / z.exp().sum(1)),
    lambda z: (z.exp() / z.exp().sum(1, keepdim=True)).bfloat16(),
]
WRONG["1.2"] = [
    ("Write it with exp and sum", lambda z: z.softmax(1)),
    ("Write it with exp and sum", lambda z: nn.Softmax(1)(z)),
    ("Write it with exp and sum", lambda z: F.log_softmax(z, 1).exp()),
    ("Write it with exp and sum", lambda z: torch.special.softmax(z, 1)),
    ("The columns sum to 1", lambda z: z.exp() / z.exp().sum(0)),
    ("All rows share one sum", lambda z: z.exp() / z.exp().sum()),
    ("The sums became a flat vector, which lines up with the", lambda z: z.exp() / z.exp().sum(1)),
    ("These are powers of 2", lambda z: 2**z / (2**z).sum(1, True)),
    ("The largest score got", lambda z: (-z).exp() / (-z).exp().sum(1, True)),
    ("A sigmoid", lambda z: 1 / (1 + (-z).exp())),
    ("Write it with exp and sum", lambda z: (z - z.logsumexp(1, True)).exp()),
    ("This is the one-hot argmax", hard),
    ("Softmax was taken twice", lambda z: rows_in_a_loop(rows_in_a_loop(z))),
    ("The smallest score", lambda z: (z - z.amin(1, True)) / (z - z.amin(1, True)).sum(1, True)),
    ("The exponentials were divided by the largest", lambda z: z.exp() / z.exp().amax(1, True)),
    ("Squares may be 0", lambda z: z**2 / (z**2).sum(1, True)),
    ("Sigmoids", lambda z: z.sigmoid() / z.sigmoid().sum(1, True)),
    ("Negative scores became 0", lambda z: z.relu() / z.relu().sum(1, True)),
    ("Softplus", lambda z: z.exp().log1p() / z.exp().log1p().sum(1, True)),
    ("The probabilities were", lambda z: (z.exp() / z.exp().sum(1, True)).round(decimals=2)),
    ("", lambda z: (z.exp() / z.exp().sum(1, True))[:1]),
    ("", lambda z: z.exp() / (z.exp().sum(1, True) + 1)),
    ("", lambda z: (z.exp() / z.exp().sum(1, True)).T),
    ("It changes its input", lambda z: z.exp_().div_(z.sum(1, True))),
    ("The exponentials were divided by the sum", lambda z: z.exp() / z.sum(1, True)),
    ("The exponentials were divided by their mean", lambda z: z.exp() / z.exp().mean(1, True)),
    ("Absolute values", lambda z: z.abs() / z.abs().sum(1, True)),
    ("Write it with exp and sum", lambda z: F.normalize(z.exp(), p=1, dim=1)),
    ("These are powers of 10", lambda z: 10**z / (10**z).sum(1, True)),
    ("These are percentages", lambda z: 100 * z.exp() / z.exp().sum(1, True)),
]


def one_hot_loop(y, k):
    rows = torch.zeros(len(y), k)
    for i, c in enumerate(y):
        rows[i, c] = 1
    return rows


RIGHT["1.3"] = [
    one_hot_loop,
    lambda y, k: torch.eye(k)[y],
    lambda y, k: (y[:, None] == torch.arange(k)).float(),
    lambda y, k: torch.zeros(len(y), k).scatter_(1, y[:, None], 1.0),
    lambda y, k: torch.eye(k).index_select(0, y),
    as_numpy(lambda y, k: np.eye(k, dtype=np.float32)[y]),
    lambda y, k: T([[float(c == j) for j in range(k)] for c in y]),
    lambda y, k: torch.stack([torch.eye(k)[c] for c in y]),
    lambda y, k: torch.zeros(len(y), k).index_put((torch.arange(len(y)), y), T(1.0)),
]
WRONG["1.3"] = [
    ("This is the ready-made", lambda y, k: F.one_hot(y, k).float()),
    ("Classes count from 0; this counts from 1, and class 0", lambda y, k: torch.eye(k)[y - 1]),
    ("Rows and columns", lambda y, k: torch.eye(k)[:, y]),
    ("The width was taken from the largest", lambda y, k: torch.eye(int(y.max()) + 1)[y]),
    ("", lambda y, k: y[:, None] == torch.arange(k)),
    ("", lambda y, k: torch.eye(k, dtype=torch.float64)[y]),
    ("", lambda y, k: torch.eye(k)[y].long()),
    ("", lambda y, k: torch.eye(k)[y].tolist()),
    ("", lambda y, k: np.eye(k)[y]),
    ("All zeros: each row", lambda y, k: torch.zeros(len(y), k)),
    ("The label fills its whole row", lambda y, k: y.repeat(k, 1).T.float()),
    ("The columns of the other", lambda y, k: torch.eye(k)[y] * 2 - 1),
    ("The label itself stands in its column", lambda y, k: torch.eye(k)[y] * y[:, None]),
    ("0 and 1 are exchanged: the 1 belongs to the label's", lambda y, k: 1 - torch.eye(k)[y]),
    ("Every row got", lambda y, k: torch.zeros(len(y), k).index_fill(1, y, 1.0)),
    ("The columns are counted from", lambda y, k: torch.eye(k)[k - 1 - y]),
    ("Each 1 is one column", lambda y, k: torch.eye(k)[(y + 1) % k]),
    ("", lambda y, k: torch.eye(k)[list(dict.fromkeys(y.tolist()))]),
]


def by_bisection(z, p, low=1e-6, high=1e6, steps=200):
    for _ in range(steps):
        t = math.sqrt(low * high)
        low, high = (t, high) if torch.softmax(z / t, 0).max() > p else (low, t)
    return low


def to_three_digits(z, p):
    return float(f"{by_bisection(z, p):.3g}")


RIGHT["1.4"] = [
    by_bisection,
    lambda z, p: T(by_bisection(z, p)),
    lambda z, p: np.float64(by_bisection(z, p)),
    lambda z, p: float(f"{by_bisection(z, p):.4g}"),
    lambda z, p: [by_bisection(z, p)],
    lambda z, p: by_bisection(z.float(), p),
    lambda z, p: Fraction(by_bisection(z - z.max(), p)),
]
WRONG["1.4"] = [
    ("This multiplies the scores", lambda z, p: 1 / by_bisection(z, p)),
    ("The logarithm of", lambda z, p: (z.sort().values[-1] - z.sort().values[-2]) / -math.log(p)),
    (
        "That is right for two classes",
        lambda z, p: (z.sort().values[-1] - z.sort().values[-2]).item() / math.log(p / (1 - p)),
    ),
    ("The search ended at 100", lambda z, p: by_bisection(z, p, high=100)),
    ("The search ended at 10;", lambda z, p: by_bisection(z, p, high=10)),
    ("The search ended at 5;", lambda z, p: by_bisection(z, p, high=5)),
    ("The search ended at 20;", lambda z, p: by_bisection(z, p, high=20)),
    ("The search ended at 50;", lambda z, p: by_bisection(z, p, high=50)),
    ("", to_three_digits),
    ("", lambda z, p: by_bisection(z, p, 0.5, 50)),
    ("", lambda z, p: round(by_bisection(z, p), 1)),
    ("", lambda z, p: 1.0),
    ("", lambda z, p: torch.softmax(z / by_bisection(z, p), 0)),
    ("", lambda z, p: by_bisection(z, 1 - p)),
    ("The largest score was taken", lambda z, p: z.max() / math.log(p / (1 - p))),
    ("The logarithm of the probability is", lambda z, p: -z.topk(2).values.diff()[0] / math.log(p)),
    ("The formula is upside down", lambda z, p: -T(p).logit() / z.topk(2).values.diff()[0]),
    ("", lambda z, p: math.log(by_bisection(z, p))),
    ("That is right for two", lambda z, p: -z.topk(2).values.diff() / math.log(p / (1 - p))),
    ("That is right for two classes", lambda z, p: -z.topk(2).values.diff()[0] / T(p).logit()),
    ("The lead is divided", lambda z, p: -z.topk(2).values.diff()[0] * math.log(p / (1 - p))),
    ("The lead was divided by", lambda z, p: -z.topk(2).values.diff()[0] / (p / (1 - p))),
    ("The largest and the", lambda z, p: (z.max() - z.min()) / math.log(p / (1 - p))),
    ("The first two scores", lambda z, p: (z[0] - z[1]) / math.log(p / (1 - p))),
    ("The odds are upside down", lambda z, p: -z.topk(2).values.diff()[0] / T(1 - p).logit()),
    (
        "The logarithm to base 2",
        lambda z, p: -z.topk(2).values.diff()[0] / T(p).logit() * math.log(2),
    ),
    (
        "The logarithm to base 10",
        lambda z, p: -z.topk(2).values.diff()[0] / T(p).logit() * math.log(10),
    ),
    ("The search began at 1;", lambda z, p: max(by_bisection(z, p), 1.0)),
    ("The search began at 0.1", lambda z, p: by_bisection(z, p, low=0.1)),
    ("It is rounded to two places after", lambda z, p: round(by_bisection(z, p), 2)),
    ("It is rounded to two digits", lambda z, p: float(f"{by_bisection(z, p):.2g}")),
]


RIGHT["1.5"] = [785, 785.0, T(785), np.int64(785), Fraction(785), [785], 28 * 28 + 1]
WRONG["1.5"] = [
    ("That is one number per pixel", 784),
    ("That is one number per class", 10),
    ("That is one column of weights", 794),
    ("The weights of each pixel", 1),
    ("That is one less than the classes", 9),
    ("That is one column of weights and nine", 793),
    ("That is how many must stay", 7065),
    ("That is how many weights must stay", 7056),
    ("Those are all parameters", 7850),
    ("By how many numbers", 786),
    ("", 78),
    ("Those are all weights", 7840),
    ("", -785),
    ("", "785 numbers"),
    ("That is about how many", 7066),
    ("A common shift changes no", 0),
]

# ---------------------------------------------------------------- Chapter 2
RIGHT["2.1"] = [
    (0.7, 0.2, 0.1),
    [0.7, 0.2, 0.1],
    T([0.7, 0.2, 0.1]),
    np.array([0.7, 0.2, 0.1]),
    (Fraction(7, 10), Fraction(2, 10), Fraction(1, 10)),
    [T(0.7), np.float32(0.2), Decimal("0.1")],
    T([0.7, 0.2, 0.1]).half(),
]
WRONG["2.1"] = [
    ("The first class is the most", (0.3, 0.47, 0.23)),
    ("The class that falls faster is the more", (0.7, 0.1, 0.2)),
    ("The rate is p (1 - p), not p", (0.21, 0.53, 0.26)),
    ("Those are the rates", (0.21, -0.14, -0.07)),
    ("", (0.7, 0.15, 0.15)),
    ("", (0.5, 0.3, 0.2)),
    ("", (0.7, 0.3)),
    ("", 0.7),
    ("", (0.7, 0.3, 0.0)),
    ("These are percents", (70, 20, 10)),
    ("These are the rates over the first", (1, 0.67, 0.33)),
    ("These are the rates without", (0.21, 0.14, 0.07)),
    ("The first rate is not in", (0.5, 0.33, 0.17)),
    ("The order is that of the classes, and the first", (0.1, 0.2, 0.7)),
    ("The first class is the most", (0.3, 0.467, 0.233)),
    ("The rates of the other two", (0.7, 0.14, 0.07)),
    ("The minus belongs", (0.7, -0.2, -0.1)),
    ("p (1 - p) belongs", (0.7, 0.17, 0.076)),
    ("Probabilities sum to one", (0.7, 0.47, 0.23)),
]


def jacobian_loop(p):
    k = len(p)
    return T([[p[i] * (int(i == j) - p[j]) for j in range(k)] for i in range(k)], dtype=p.dtype)


MATRICES = [
    lambda p: torch.diag(p) - torch.outer(p, p),
    lambda p: p.diag() - p[:, None] * p,
    lambda p: p[:, None] * (torch.eye(len(p)) - p),
    jacobian_loop,
    as_numpy(lambda p: np.diag(p) - np.outer(p, p)),
    lambda p: torch.autograd.functional.jacobian(lambda z: z.softmax(0), p.log()),
    lambda p: (torch.diag(p) - p[:, None] @ p[None]).float(),
    lambda p: torch.diag_embed(p) - E("i,j->ij", p, p),
]
RIGHT["2.2"] = [
    *(lambda p, t, f=f: f(p) / t for f in MATRICES),
    lambda p, t: ((torch.diag(p) - torch.outer(p, p)) / t).tolist(),
    lambda p, t: torch.autograd.functional.jacobian(lambda z: (z / t).softmax(0), t * p.log()),
    lambda p, t: torch.diag(p / t) - torch.outer(p / t, p),
]
WRONG_MATRICES = [
    ("This is the diagonal alone", lambda p: torch.diag(p * (1 - p))),
    ("One number for each class", lambda p: p * (1 - p)),
    ("All signs", lambda p: torch.outer(p, p) - torch.diag(p)),
    ("p_i p_j became p_j p_j", lambda p: torch.diag(p) - p * p),
    ("p_j p_j; it is a column", lambda p: p * (torch.eye(len(p)) - p)),
    (
        "p_i p_i; one of the two must lie along a row",
        lambda p: p[:, None] * (torch.eye(len(p)) - p[:, None]),
    ),
    ("p (1 - p) holds", lambda p: torch.diag(p * (1 - p)) - torch.outer(p, p)),
    ("This is the Jacobian of log", lambda p: torch.eye(len(p)) - p),
    (
        "Softmax was applied",
        lambda p: torch.autograd.functional.jacobian(lambda z: z.softmax(0), p),
    ),
    ("The diagonal matrix is", lambda p: -torch.outer(p, p)),
    ("", lambda p: torch.outer(p, 1 - p)),
    ("The diagonal needs", lambda p: torch.eye(len(p)) - torch.outer(p, p)),
    ("p @ p is one number; a column", lambda p: torch.diag(p) - p @ p),
    ("", lambda p: torch.diag(p * p) - torch.outer(p, p)),
    ("", lambda p: (torch.diag(p) - torch.outer(p, p)) / len(p)),
    ("The second term was added", lambda p: torch.diag(p) + torch.outer(p, p)),
    ("", lambda p: torch.outer(p, 1 - p) * (2 * torch.eye(len(p)) - 1)),
    ("Off the diagonal", lambda p: (torch.diag(p) - torch.outer(p, p)).abs()),
]
WRONG["2.2"] = [
    *((words, lambda p, t, f=f: f(p) / t) for words, f in WRONG_MATRICES),
    *((words, lambda p, t, f=f: f(p)) for words, f in WRONG_MATRICES),
    ("The inner derivative, that", lambda p, t: torch.diag(p) - torch.outer(p, p)),
    ("The inner derivative is 1", lambda p, t: (torch.diag(p) - torch.outer(p, p)) * t),
    ("z moves here", lambda p, t: (torch.outer(p, p) - torch.diag(p)) / t**2),
    ("The factor 1 / T stands", lambda p, t: (torch.diag(p) - torch.outer(p, p)) / t**2),
    ("they are divided by T no more", lambda p, t: torch.diag(p / t) - torch.outer(p / t, p / t)),
    ("Softmax was applied to p / T", lambda p, t: J2(torch.softmax(p / t, 0)) / t),
    ("The values are those", lambda p, t: J2(p ** (1 / t) / (p ** (1 / t)).sum()) / t),
    ("T is in these", lambda p, t: J2(p ** (1 / t) / (p ** (1 / t)).sum())),
    ("", lambda p, t: torch.diag(p / t) - torch.outer(p, p)),
    ("", lambda p, t: torch.diag(p) - torch.outer(p, p) / t),
]

RIGHT["2.3"] = [
    lambda p, v: v - p * v.sum(1, keepdim=True),
    lambda p, v: v - p * v.sum(-1)[:, None],
    lambda p, v: v - E("nj,ni->nj", p, v),
    lambda p, v: torch.addcmul(v, p, v.sum(1, keepdim=True), value=-1),
    lambda p, v: (v - p * v.sum(1, keepdim=True)).numpy(),
    lambda p, v: (v.T - p.T * v.sum(1)).T,
    lambda p, v: v.float() - p.float() * v.float().sum(1, keepdim=True),
    lambda p, v: torch.func.vmap(lambda a, b: b - a * b.sum())(p, v),
    lambda p, v: (v - p * v.sum(1, keepdim=True)).tolist(),
]
WRONG["2.3"] = [
    (
        "This makes a K x K",
        lambda p, v: E(
            "ni,nij->nj",
            v,
            torch.eye(p.shape[1]).double() - p[:, None, :].expand(-1, p.shape[1], -1) + 0.0,
        ),
    ),
    (
        "This makes a K x K",
        lambda p, v: torch.stack(
            [b @ (torch.eye(len(a)).double() - a) for a, b in zip(p, v, strict=True)]
        ),
    ),
    ("This is a", lambda p, v: torch.stack([b - a * b.sum() for a, b in zip(p, v, strict=True)])),
    ("This is a loop", lambda p, v: v - p * sum(v[:, i] for i in range(v.shape[1]))[:, None]),
    (
        "This leaves torch",
        lambda p, v: [
            [b - a * sum(w) for a, b in zip(q, w, strict=True)]
            for q, w in zip(p.tolist(), v.tolist(), strict=True)
        ],
    ),
    ("This leaves torch", as_numpy(lambda p, v: v - p * v.sum(1, keepdims=True))),
    (
        "This leaves torch",
        lambda p, v: np.einsum("ni,nij->nj", v, np.eye(p.shape[1]) - np.asarray(p)[:, None]),
    ),
    (
        "This leaves torch",
        as_numpy(lambda p, v: np.stack([b - a * b.sum() for a, b in zip(p, v, strict=True)])),
    ),
    ("The matrix was multiplied from", lambda p, v: v - (p * v).sum(1, keepdim=True)),
    ("This is the product for softmax", lambda p, v: p * (v - (p * v).sum(1, keepdim=True))),
    ("This is the diagonal of the matrix alone: every v_i acts on every", lambda p, v: v * (1 - p)),
    ("The matrix subtracts p", lambda p, v: -p * v.sum(1, keepdim=True)),
    ("The sum goes over the classes", lambda p, v: v - p * v.sum(0)),
    ("All rows share", lambda p, v: v - p * v.sum()),
    ("The sum is a plain one", lambda p, v: v - p * (p * v).sum(1, keepdim=True)),
    ("", lambda p, v: p - v * v.sum(1, keepdim=True)),
    ("", lambda p, v: v - p * p.sum(1, keepdim=True)),
    ("The sum is multiplied by p before", lambda p, v: v - v.sum(1, keepdim=True)),
    ("Only the sum is", lambda p, v: p * (v - v.sum(1, keepdim=True))),
    ("p - y is the case", lambda p, v: p - v),
    ("All signs", lambda p, v: p * v.sum(1, keepdim=True) - v),
    ("", lambda p, v: (v - p * v.sum(1, keepdim=True)).sum(1)),
    ("", lambda p, v: v - p),
]


def exp_over_sum(z):
    return torch.exp(z) / torch.exp(z).sum()


def numpy_softmax(z):
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def slope_by_quotient(z, t, h=0.0, rel=0.0, softmax=exp_over_sum):
    h += rel * t
    return (softmax(z / (t + h)) - softmax(z / (t - h))) / (2 * h)


def slope_by_two_quotients(z, t, rel=5e-3):
    one, half = slope_by_quotient(z, t, rel=rel), slope_by_quotient(z, t, rel=rel / 2)
    return (4 * half - one) / 3


def numpy_complex_step(z, t, h=1e-20):
    t = t + 1j * h
    e = np.exp((z.numpy() - z.numpy().max()) / t)
    return (e / e.sum()).imag / t.imag


def slope_by_complex_step(z, t, h=1e-30):
    e = torch.exp((z - z.max()) / (t + 1j * h))
    return (e / e.sum()).imag / h


RIGHT["2.4"] = [
    lambda z, t: torch.stack(
        [-(q := exp_over_sum(z / t))[i] * (q * (z[i] - z)).sum() / t**2 for i in range(len(z))]
    ),
    lambda z, t: -exp_over_sum(z * (1 / t)) * (z - (exp_over_sum(z / t) * z).sum()) / t**2,
    lambda z, t: (
        -(q := torch.stack([torch.exp(x / t) for x in z]) / torch.exp(z / t).sum())
        * (z - q @ z)
        / t**2
    ),
    lambda z, t: -(q := torch.softmax(z / t, 0)) * (z - (q * z).sum()) / t**2,
    lambda z, t: (q := torch.softmax(z / t, 0)) * ((q @ z) - z) / t / t,
    lambda z, t: (-(q := torch.softmax(z / t, 0)) * (z - q @ z) / t**2).numpy(),
    lambda z, t: [
        -q * (x - sum(a * b for a, b in zip(p, z.tolist(), strict=True))) / t**2
        for p in [torch.softmax(z / t, 0).tolist()]
        for q, x in zip(p, z.tolist(), strict=True)
    ],
    lambda z, t: ((q := torch.softmax(z / t, 0)) * (q * z).sum() - q * z) / t**2,
    lambda z, t: (u := T(t), q := torch.softmax(z / u, 0), q * (q @ z - z) / u**2)[-1],
    lambda z, t: -(q := torch.softmax(z / t, -1)) / t * ((z / t) - (q * z / t).sum()),
    lambda z, t: (w := -z / t**2, q := torch.softmax(z / t, 0), q * w - q * (q @ w))[-1],
    lambda z, t: -(q := torch.softmax(z / t, 0)) * (z - (1 * q * z).sum()) / (t * 1.0 * t),
]
WRONG["2.4"] = [
    (
        "Autograd did",
        lambda z, t: torch.autograd.functional.jacobian(
            lambda u: torch.softmax(z / u, 0), T(t, dtype=z.dtype)
        ),
    ),
    (
        "Autograd did",
        lambda z, t: torch.func.jvp(
            lambda u: torch.softmax(z / u, 0), (T(t, dtype=z.dtype),), (T(1.0, dtype=z.dtype),)
        )[1],
    ),
    (
        "This makes a K x K",
        lambda z, t: (torch.diag(q := torch.softmax(z / t, 0)) - torch.outer(q, q)) @ (-z / t**2),
    ),
    ("The sign is wrong: heat", lambda z, t: (q := torch.softmax(z / t, 0)) * (z - q @ z) / t**2),
    ("The derivative of 1 / T has", lambda z, t: -(q := torch.softmax(z / t, 0)) * (z - q @ z) / t),
    ("The derivative of 1 / T is", lambda z, t: -(q := torch.softmax(z / t, 0)) * (z - q @ z)),
    ("The inner derivative", lambda z, t: (q := torch.softmax(z / t, 0)) * (z - q @ z)),
    ("The probabilities must be", lambda z, t: -(q := torch.softmax(z, 0)) * (z - q @ z) / t**2),
    ("z was divided", lambda z, t: -(q := torch.softmax(z / t, 0)) * (z - q @ z) / t**3),
    ("The mean of z must be sub", lambda z, t: -torch.softmax(z / t, 0) * z / t**2),
    ("The mean of z must be wei", lambda z, t: -torch.softmax(z / t, 0) * (z - z.mean()) / t**2),
    ("This is the slope of ln p", lambda z, t: ((torch.softmax(z / t, 0) * z).sum() - z) / t**2),
    *(("12 are asked for", partial(slope_by_quotient, h=h)) for h in (1e-4, 1e-5, 1e-7)),
    *(("12 are asked for", partial(slope_by_quotient, rel=r)) for r in (1e-3, 1e-5)),
    ("12 are asked for", slope_by_two_quotients),
    (
        "12 are asked for",
        lambda z, t: slope_by_quotient(z.numpy(), np.float64(t), rel=1e-4, softmax=numpy_softmax),
    ),
    (
        "12 are asked for",
        lambda z, t: -(q := torch.softmax(z.float() / t, 0)) * (z.float() - q @ z.float()) / t**2,
    ),
    ("A complex step", slope_by_complex_step),
    ("This leaves torch", numpy_complex_step),
    ("This leaves torch", lambda z, t: numpy_complex_step(z, complex(t, 1e-20), h=0)),
    ("This leaves torch", as_numpy(lambda z, t: -(q := numpy_softmax(z / t)) * (z - q @ z) / t**2)),
    (
        "This leaves torch",
        as_numpy(lambda z, t: (np.outer(q := numpy_softmax(z / t), q) - np.diag(q)) @ z / t**2),
    ),
    ("", lambda z, t: torch.softmax(z / t, 0) * (1 - torch.softmax(z / t, 0))),
    ("", lambda z, t: (torch.softmax(z / (t + 0.1), 0) - torch.softmax(z / t, 0)) / 0.1),
    ("", lambda z, t: -(q := torch.softmax(z * t, 0)) * (z - q @ z) / t**2),
    ("", lambda z, t: (-(q := torch.softmax(z / t, 0)) * (z - q @ z) / t**2).sum()),
]


def hessians(p):
    return torch.stack(
        [
            torch.autograd.functional.hessian(lambda z, i=i: z.softmax(0)[i], p.log())
            for i in range(len(p))
        ]
    )


def third_loop(p):
    k, J = len(p), jacobian_loop(p)
    return T(
        [
            [[J[i, m] * (int(i == j) - p[j]) - p[i] * J[j, m] for m in range(k)] for j in range(k)]
            for i in range(k)
        ]
    )


def symmetric_third(p):
    d = torch.eye(len(p), dtype=p.dtype)
    dp = d * p
    cube = E("i,ij,jm->ijm", p, d, d)
    pairs = E("ij,m->ijm", dp, p) + E("im,j->ijm", dp, p) + E("jm,i->ijm", dp, p)
    return cube - pairs + 2 * E("i,j,m->ijm", p, p, p)


def J2(p):
    return torch.diag(p) - torch.outer(p, p)


RIGHT["2.5"] = [
    hessians,
    lambda p: symmetric_third(p).permute(2, 0, 1),
    lambda p: symmetric_third(p).numpy(),
    lambda p: third_loop(p).tolist(),
    lambda p: torch.func.jacfwd(torch.func.jacrev(lambda z: z.softmax(0)))(p.log()),
    lambda p: symmetric_third(p).float(),
]
WRONG["2.5"] = [
    ("The second term of the", lambda p: E("im,ij->ijm", J2(p), torch.eye(len(p)).double() - p)),
    (
        "The second term has the wrong",
        lambda p: E("im,ij->ijm", J2(p), torch.eye(len(p)).double() - p) + E("i,jm->ijm", p, J2(p)),
    ),
    ("The factor p_i is", lambda p: E("im,ij->ijm", J2(p), torch.eye(len(p)).double() - p) - J2(p)),
    (
        "The first factor left",
        lambda p: E("im,ij->ijm", J2(p), torch.eye(len(p)).double()) - E("i,jm->ijm", p, J2(p)),
    ),
    ("A product of first", lambda p: E("ij,im->ijm", J2(p), J2(p))),
    (
        "The factor p_i is missing in the first",
        lambda p: (
            E("im,ij->ijm", d := torch.eye(len(p)).double() - p, d) - E("i,jm->ijm", p, J2(p))
        ),
    ),
    (
        "The second factor holds",
        lambda p: (
            E("im,ij->ijm", J2(p), torch.eye(len(p)).double() - p)
            - E("i,im->im", p, J2(p))[:, None]
        ),
    ),
    ("The last term, 2", lambda p: symmetric_third(p) - 2 * E("i,j,m->ijm", p, p, p)),
    ("The last term is added", lambda p: symmetric_third(p) - 4 * E("i,j,m->ijm", p, p, p)),
    ("All signs", lambda p: -symmetric_third(p)),
    ("", lambda p: symmetric_third(p).diagonal(dim1=1, dim2=2)),
    ("", J2),
    ("", lambda p: -E("i,jm->ijm", p, J2(p))),
    ("", lambda p: 2 * symmetric_third(p)),
    ("", lambda p: symmetric_third(p) * torch.eye(len(p)).double()),
    ("", lambda p: E("ij,jm->ijm", J2(p), J2(p))),
    ("", lambda p: symmetric_third(p).sum(0)),
    ("", lambda p: hessians(p) * ((i := torch.eye(len(p)))[..., None] + i[:, None] + i > 0)),
]

# ---------------------------------------------------------------- Chapter 3
floor = math.log(1 + 99 * math.exp(-2))
RIGHT["3.1"] = [
    floor,
    2.67,
    2.667,
    T(floor),
    np.float32(floor),
    Decimal("2.67"),
    sympy.log(1 + 99 / sympy.E**2),
    math.log(math.e + 99 / math.e) - 1,
    F.cross_entropy(2.0 * F.one_hot(T([0]), 100) - 1, T([0])),
    [2.667],
]
WRONG["3.1"] = [
    ("right to 2 digits", 2.7),
    ("", 3),
    ("That is the sum inside the logarithm", 14.4),
    ("", -1),
    ("", 2.31),
    ("", 0.693),
    ("That is the loss of an even", 4.605),
    ("That is the floor without the last", 0),
    ("A loss is never", -2.67),
    ("One of the hundred", 2.676),
    ("That is in bits", 3.848),
    ("That is the largest loss", 6.598),
    ("That is the loss with all other", 3.622),
    ("That is the largest loss of a doubled", 4.622),
    ("The term of the true class", 2.605),
    ("The floor does not fall", 2.622),
    ("The sum has a term of the true class", 2.595),
    ("These outputs are those of the scores -1 and 1; larger", 3.117),
    ("The score of the true class", 3.667),
    ("Besides the true class", 2.658),
    ("Here only one other class", 0.127),
    ("That is the probability at the best", math.e / (math.e + 99 / math.e)),
]

RIGHT["3.2"] = [
    lambda p, y: -p[range(len(y)), y].log(),
    lambda p, y: -p.gather(1, y[:, None]).squeeze(1).log(),
    lambda p, y: [-math.log(row[c]) for row, c in zip(p.tolist(), y.tolist(), strict=True)],
    as_numpy(lambda p, y: -np.log(p[np.arange(len(y)), y])),
    lambda p, y: -torch.take_along_dim(p.double(), y[:, None], 1)[:, 0].log(),
    lambda p, y: -p[torch.arange(len(y)), y].log2() * math.log(2),
]
WRONG["3.2"] = [
    ("The minus is missing", lambda p, y: p[range(len(y)), y].log()),
    ("This is the mean over the rows", lambda p, y: F.nll_loss(p.log(), y)),
    ("This is the sum over the rows", lambda p, y: F.nll_loss(p.log(), y, reduction="sum")),
    ("A colon takes the columns from every row.", lambda p, y: -p[:, y].log()),
    ("A colon takes the columns from every row;", lambda p, y: -p[:, y].log().mean()),
    ("The zeros of", lambda p, y: -(F.one_hot(y, p.shape[1]) * p).log().sum(1)),
    ("gather keeps the axis", lambda p, y: -p.gather(1, y[:, None]).log()),
    ("This is in bits", lambda p, y: -p[range(len(y)), y].log2()),
    ("This takes the largest", lambda p, y: -p.amax(1).log()),
    ("Softmax was applied", lambda p, y: F.cross_entropy(p, y, reduction="none")),
    ("These are the probabilities", lambda p, y: p[range(len(y)), y]),
    ("This is the decimal", lambda p, y: -p[range(len(y)), y].log10()),
    ("This is the entropy of the pred", lambda p, y: -(p * p.log()).sum(1)),
    ("This is the surprise of the label not", lambda p, y: -(1 - p[range(len(y)), y]).log()),
    (
        "This is the binary formula",
        lambda p, y: F.binary_cross_entropy(
            p, F.one_hot(y, p.shape[1]).float(), reduction="none"
        ).sum(1),
    ),
    ("", lambda p, y: -p.log()),
    ("This divides by the K", lambda p, y: -(F.one_hot(y, p.shape[1]) * p.log()).mean(1)),
    ("The axes are exchanged: first", lambda p, y: -p[y, range(len(y))].log()),
    ("1 - p is no surprise", lambda p, y: 1 - p[range(len(y)), y]),
    ("gather wants an index", lambda p, y: -p.gather(1, y).log()),
    ("These are the losses of whole rows", lambda p, y: -p.log()[y]),
    ("", lambda p, y: -p[range(len(y)), 0].log()),
    ("", lambda p, y: -(p[range(len(y)), y] + 0.01).log()),
]

RIGHT["3.3"] = [
    lambda t, n: math.exp(sum(t) / sum(n)),
    lambda t, n: np.exp(np.sum(t) / np.sum(n)),
    lambda t, n: (T(t).sum() / T(n).sum()).exp(),
    lambda t, n: math.e ** (sum(t) / sum(n)),
    lambda t, n: mpmath.exp(mpmath.fsum(t) / sum(n)),
    lambda t, n: [math.exp(sum(t) / sum(n))],
]
WRONG["3.3"] = [
    ("The losses are in nats", lambda t, n: 2 ** (sum(t) / sum(n))),
    ("That is the mean loss;", lambda t, n: sum(t) / sum(n)),
    ("That is the mean loss in bits", lambda t, n: sum(a / math.log(2) for a in t) / sum(n)),
    ("The number of words divides the", lambda t, n: math.prod(math.exp(a) for a in t) / sum(n)),
    (
        "This gives every text",
        lambda t, n: math.exp(sum(a / b for a, b in zip(t, n, strict=True)) / len(t)),
    ),
    (
        "This is a mean of perplexities: the mean comes before",
        lambda t, n: sum(math.exp(a / b) for a, b in zip(t, n, strict=True)) / len(t),
    ),
    ("That is a mean of probabilities; a perplexity is", lambda t, n: math.exp(-sum(t) / sum(n))),
    ("The loss of a whole", lambda t, n: math.exp(sum(t) / len(t))),
    ("", lambda t, n: math.exp(max(t) / max(n))),
    ("The mean is missing", lambda t, n: math.exp(sum(t))),
    ("With bits the base is 2", lambda t, n: math.exp(sum(t) / sum(n) / math.log(2))),
    (
        "This weighs perplexities",
        lambda t, n: sum(math.exp(a / b) * b for a, b in zip(t, n, strict=True)) / sum(n),
    ),
    ("The division is the wrong way", lambda t, n: math.exp(sum(n) / sum(t))),
    ("", lambda t, n: [math.exp(a / b) for a, b in zip(t, n, strict=True)]),
    ("This adds the", lambda t, n: math.prod(math.exp(a / b) for a, b in zip(t, n, strict=True))),
    ("This is a sum of perplexities; first", lambda t, n: sum(np.exp(np.divide(t, n)))),
    ("", lambda t, n: math.exp(sum(t) / sum(n)) - 1),
]


def smooth(y, k, e):
    return (1 - e) * F.one_hot(y, k) + e / k


def smooth_loop(z, y, e):
    out = (q := torch.softmax(z, 1)).clone()
    for i, c in enumerate(y):
        for j in range(z.shape[1]):
            out[i, j] -= e / z.shape[1] + (1 - e if j == c else 0)
    return out / len(q)


RIGHT["3.4"] = [
    lambda z, y, e: (z.softmax(1) - smooth(y, z.shape[1], e)) / len(y),
    smooth_loop,
    lambda z, y, e: (z.double().softmax(1) - smooth(y, z.shape[1], e)) / len(z),
    lambda z, y, e: (
        ((1 - e) * (z.softmax(1) - F.one_hot(y, z.shape[1])) + e * (z.softmax(1) - 1 / z.shape[1]))
        / len(y)
    ),
    lambda z, y, e: smooth_loop(z, y, e).tolist(),
    lambda z, y, e: smooth_loop(z, y, e).numpy(),
    lambda z, y, e: torch.stack(
        [(a.softmax(0) - b) / len(z) for a, b in zip(z, smooth(y, z.shape[1], e), strict=True)]
    ),
    lambda z, y, e: (z.exp() / z.exp().sum(1, True) - smooth(y, z.shape[1], e)) / z.size(0),
]
WRONG["3.4"] = [
    (
        "The share is split among all K",
        lambda z, y, e: (
            (z.softmax(1) - (1 - e) * F.one_hot(y, z.shape[1]) - e / (z.shape[1] - 1)) / len(y)
        ),
    ),
    (
        "Autograd did",
        lambda z, y, e: grads(lambda z: F.cross_entropy(z, y, label_smoothing=e), z)[0],
    ),
    (
        "The label was not smoothed.",
        lambda z, y, e: (z.softmax(1) - F.one_hot(y, z.shape[1])) / len(y),
    ),
    ("The label was not smoothed, and", lambda z, y, e: z.softmax(1) - F.one_hot(y, z.shape[1])),
    (
        "The true class gets its share, too, and",
        lambda z, y, e: (
            z.softmax(1) - torch.where(F.one_hot(y, z.shape[1]) == 1, 1 - e, e / (z.shape[1] - 1))
        ),
    ),
    ("The sign is wrong", lambda z, y, e: (smooth(y, z.shape[1], e) - z.softmax(1)) / len(y)),
    (
        "The entries of this",
        lambda z, y, e: (z.softmax(1) - (1 - e) * F.one_hot(y, z.shape[1])) / len(y),
    ),
    (
        "The true class gets",
        lambda z, y, e: (
            (z.softmax(1) - torch.where(F.one_hot(y, z.shape[1]) == 1, 1 - e, e / (z.shape[1] - 1)))
            / len(y)
        ),
    ),
    ("The label was subtracted", lambda z, y, e: (z - smooth(y, z.shape[1], e)) / len(y)),
    ("This is the gradient of the sum", lambda z, y, e: z.softmax(1) - smooth(y, z.shape[1], e)),
    (
        "The mean is over the n examples; this divides by the K",
        lambda z, y, e: (z.softmax(1) - smooth(y, z.shape[1], e)) / z.shape[1],
    ),
    (
        "The mean is over the n examples; this divides by all",
        lambda z, y, e: (z.softmax(1) - smooth(y, z.shape[1], e)) / z.numel(),
    ),
    ("", lambda z, y, e: (z.softmax(1) - smooth(y, z.shape[1], e / 2)) / len(y)),
    ("", lambda z, y, e: (z.softmax(1) - smooth(y, z.shape[1], e)).abs() / len(y)),
    ("Each row of scores", lambda z, y, e: (z.softmax(0) - smooth(y, z.shape[1], e)) / len(y)),
    (
        "The one-hot label keeps",
        lambda z, y, e: (z.softmax(1) - F.one_hot(y, z.shape[1]) - e / z.shape[1]) / len(y),
    ),
    (
        "The true class gives a part",
        lambda z, y, e: (
            (z.softmax(1) - torch.where(F.one_hot(y, z.shape[1]) == 1, 1.0, e / z.shape[1]))
            / len(y)
        ),
    ),
    ("Only the label is divided", lambda z, y, e: z.softmax(1) - smooth(y, z.shape[1], e) / len(y)),
    (
        "eps and 1 - eps are exchanged",
        lambda z, y, e: (
            (z.softmax(1) - e * F.one_hot(y, z.shape[1]) - (1 - e) / z.shape[1]) / len(y)
        ),
    ),
    (
        "This smooths the prediction",
        lambda z, y, e: (
            ((1 - e) * z.softmax(1) + e / z.shape[1] - F.one_hot(y, z.shape[1])) / len(y)
        ),
    ),
    ("A sigmoid gives", lambda z, y, e: (z.sigmoid() - smooth(y, z.shape[1], e)) / len(y)),
    ("This is label minus p", lambda z, y, e: smooth(y, z.shape[1], e) - z.softmax(1)),
    ("This is twice", lambda z, y, e: 2 * (z.softmax(1) - smooth(y, z.shape[1], e)) / len(y)),
    ("", lambda z, y, e: -(smooth(y, z.shape[1], e) * z.log_softmax(1)).sum(1).mean()),
    ("The part with", lambda z, y, e: (z.softmax(1) - F.one_hot(y, z.shape[1])) * (1 - e) / len(y)),
    (
        "This label lacks the share eps / K of the true class, and so sums to less",
        lambda z, y, e: (
            (z.softmax(1) - torch.where(F.one_hot(y, z.shape[1]) == 1, 1 - e, e / z.shape[1]))
            / len(y)
        ),
    ),
    (
        "Each class gets eps / K",
        lambda z, y, e: (z.softmax(1) - (1 - e) * F.one_hot(y, z.shape[1]) - e) / len(y),
    ),
    (
        "The label was subtracted from the log",
        lambda z, y, e: (z.log_softmax(1) - smooth(y, z.shape[1], e)) / len(y),
    ),
]


def gaps_loop(z, y, w, ignored):
    total = weights = 0.0
    for row, c in zip(z.log_softmax(1), y, strict=True):
        if c != ignored:
            total, weights = total - w[c] * row[c], weights + w[c]
    return T(math.nan) if not isinstance(weights, Tensor) else total / weights


def gaps_masked(z, y, w, ignored):
    keep = (y != ignored).float()
    safe = y.where(y != ignored, 0)
    weights = w[safe] * keep
    return -(weights * z.log_softmax(1).gather(1, safe[:, None])[:, 0]).sum() / weights.sum()


def gaps_of_floats(z, y, w, ignored):
    total = weights = 0.0
    for row, c in zip(z.log_softmax(1).tolist(), y.tolist(), strict=True):
        if c != ignored:
            total, weights = total - w[c].item() * row[c], weights + w[c].item()
    return total / weights


def gaps_as_class_0(z, y, w, ignored):
    safe = y.where(y != ignored, 0)
    return -(w[safe] * z.log_softmax(1).gather(1, safe[:, None])[:, 0]).sum() / w[safe].sum()


def kept(z, y, ignored):
    return z[y != ignored].log_softmax(1), y[y != ignored]


def chosen(z, y, ignored):
    logs, labels = kept(z, y, ignored)
    return -logs[range(len(labels)), labels]


RIGHT["3.5"] = [
    gaps_loop,
    gaps_masked,
    lambda z, y, w, i: gaps_masked(z.double(), y, w.double(), i),
    lambda z, y, w, i: gaps_loop(z, y, w, i).item(),
    lambda z, y, w, i: (w[y[y != i]] * chosen(z, y, i)).sum() / w[y[y != i]].sum(),
    lambda z, y, w, i: w[y[y != i]] @ chosen(z, y, i) / w[y[y != i]].sum(),
    lambda z, y, w, i: gaps_masked(z, y, w, i)[None],
    lambda z, y, w, i: np.float32(gaps_loop(z, y, w, i).item()),
]
WRONG["3.5"] = [
    ("This is torch's own", lambda z, y, w, i: F.cross_entropy(z, y, w, ignore_index=i)),
    ("This is torch's own", lambda z, y, w, i: F.nll_loss(z.log_softmax(1), y, w, ignore_index=i)),
    ("This is torch's own", lambda z, y, w, i: nn.CrossEntropyLoss(w, ignore_index=i)(z, y)),
    ("A mean of nothing is nan", lambda z, y, w, i: gaps_masked(z, y, w, i).nan_to_num(0)),
    (
        "This divides by the number of examples;",
        lambda z, y, w, i: (w[y[y != i]] * chosen(z, y, i)).sum() / len(y),
    ),
    (
        "This divides by the number of examples that",
        lambda z, y, w, i: (w[y[y != i]] * chosen(z, y, i)).mean(),
    ),
    (
        "This divides by the sum of all K",
        lambda z, y, w, i: (w[y[y != i]] * chosen(z, y, i)).sum() / w.sum(),
    ),
    ("The weights are only in the", lambda z, y, w, i: chosen(z, y, i).sum() / w[y[y != i]].sum()),
    ("The weights are missing", lambda z, y, w, i: chosen(z, y, i).mean()),
    ("The minus is missing", lambda z, y, w, i: -gaps_masked(z, y, w, i)),
    ("This is the weighted sum", lambda z, y, w, i: (w[y[y != i]] * chosen(z, y, i)).sum()),
    ("The label to ignore is", lambda z, y, w, i: gaps_masked(z, y, w, -100)),
    ("", lambda z, y, w, i: w[y[y != i]] * chosen(z, y, i)),
    ("", lambda z, y, w, i: gaps_masked(z, y, w.softmax(0), i)),
    ("", lambda z, y, w, i: gaps_masked(z, y, 1 / w, i)),
    ("If all labels are ignored", gaps_of_floats),
    ("A row to ignore counts as class 0", gaps_as_class_0),
    (
        "A row to ignore must be left out",
        lambda z, y, w, i: (w[y] * -z.log_softmax(1)[range(len(y)), y]).sum() / w[y].sum(),
    ),
    (
        "A row to ignore must be left out",
        lambda z, y, w, i: (
            -(z.log_softmax(1).gather(1, y[:, None])[:, 0] * w[y]).sum() / w[y].sum()
        ),
    ),
    (
        "A row to ignore has no one-hot",
        lambda z, y, w, i: (
            -(F.one_hot(y, z.shape[1]) * w * z.log_softmax(1)).sum() / w[y[y != i]].sum()
        ),
    ),
    (
        "An ignored row that is set to class 0",
        lambda z, y, w, i: (
            (w[y[y != i]] * chosen(z, y, i)).sum() / w[torch.where(y == i, 0, y)].sum()
        ),
    ),
    (
        "These are probabilities",
        lambda z, y, w, i: -(w[y[y != i]] * (-chosen(z, y, i)).exp()).sum() / w[y[y != i]].sum(),
    ),
    (
        "The weights multiply the losses, not the scores.",
        lambda z, y, w, i: gaps_masked(z * w, y, torch.ones_like(w), i),
    ),
    (
        "The weights multiply the losses, not the scores, before",
        lambda z, y, w, i: chosen(z * w, y, i).sum() / w[y[y != i]].sum(),
    ),
    ("log_softmax is applied to prob", lambda z, y, w, i: gaps_masked(z.softmax(1), y, w, i)),
    (
        "The labels were filtered, the rows",
        lambda z, y, w, i: (
            -sum(w[c] * z.log_softmax(1)[j, c] for j, c in enumerate(y[y != i]))
            / w[y[y != i]].sum()
        ),
    ),
    (
        "A colon takes the columns",
        lambda z, y, w, i: (
            (w[y[y != i]] * -z[y != i].log_softmax(1)[:, y[y != i]]).sum() / w[y[y != i]].sum()
        ),
    ),
    (
        "The softmax runs along",
        lambda z, y, w, i: (
            -(w * F.one_hot(y[y != i], z.shape[1]) * z[y != i].log_softmax(0)).sum()
            / w[y[y != i]].sum()
        ),
    ),
    (
        "All classes of a row",
        lambda z, y, w, i: -(z[y != i].log_softmax(1) @ w).sum() / w[y[y != i]].sum(),
    ),
    (
        "This ignores no row",
        lambda z, y, w, i: (
            -(w[y.clamp(min=0)] * z.log_softmax(1)[range(len(y)), y.clamp(min=0)]).sum()
            / w[y.clamp(min=0)].sum()
        ),
    ),
    ("The weights were", lambda z, y, w, i: (w.div(w.sum())[y[y != i]] * chosen(z, y, i)).mean()),
    ("The mean of products", lambda z, y, w, i: w[y[y != i]].mean() * chosen(z, y, i).mean()),
    ("", lambda z, y, w, i: gaps_masked(z, y, w.square(), i)),
]

# ---------------------------------------------------------------- Chapter 4
RIGHT["4.1"] = [
    6142,
    6142.0,
    T(6142),
    T([6142.0]),
    np.int64(6142),
    np.uint16(6142),
    Fraction(6142),
    [6142],
    Decimal(6142),
    sympy.Integer(6142),
]
WRONG["4.1"] = [
    ("With that many the sum is still", 6141),
    ("", torch.finfo(torch.float32).max / math.exp(80)),
    ("", 6141.6),
    ("That is the largest logit", 88),
    ("There a single exponential", 89),
    ("No exponential overflows", math.inf),
    ("Three digits of the table", 6138),
    ("With one class fewer", 6143),
    ("This is an estimate from three", int(3.40e38 / 5.54e34)),
    ("", 6000),
    ("", 1),
    ("", "no"),
    ("", False),
    ("", 3.4e38),
]

RIGHT["4.2"] = [
    98,
    98.0,
    T(98),
    np.int32(98),
    Fraction(98),
    (98,),
    Decimal("98"),
    T([98], dtype=torch.int16),
]
WRONG["4.2"] = [
    ("The denominator is 1000", 104),
    ("There the probability is still a subnormal number above", 97),
    ("From there on", 81),
    ("The denominator makes the probability smaller", 111),
    ("The natural logarithm", 101),
    ("", 97.06),
    ("", 150 * math.log(2) - math.log(1000)),
    ("There exp(-g) is below", 10),
    ("There the sum no longer", 11),
    ("The natural logarithm of 1000 is due", 94),
    ("There exp(-g) itself", 88),
    ("One less gives", 99),
    ("", 103),
    ("", 96),
    ("The logit is -g", -98),
    ("", math.inf),
    ("", "98"),
]


def safe(z, y):
    s = z - z.amax(1, keepdim=True)
    return s.exp().sum(1).log() - s[range(len(y)), y]


def where_nan(z, y):
    p = z.softmax(1)[range(len(y)), y]
    return torch.where(p > 0, -p.log(), safe(z, y))


def clamped(z, y):
    return -z.softmax(1)[range(len(y)), y].clamp(min=1e-45).log()


def mean_shifted_losses(logits, labels):
    shifted = logits - logits.mean(1, keepdim=True)
    return shifted.exp().sum(1).log() - shifted[range(len(labels)), labels]


def row_shifted(shift, z, y, sign=1):
    s = z - shift
    return s.exp().sum(1).log() - sign * s[range(len(y)), y]


def late(z, y):
    return z.logsumexp(1) - z[range(len(y)), y]


RIGHT["4.3"] = [
    safe,
    lambda z, y: F.cross_entropy(z, y, reduction="none"),
    lambda z, y: -z.log_softmax(1)[range(len(y)), y],
    lambda z, y: F.nll_loss(F.log_softmax(z, -1), y, reduction="none"),
    lambda z, y: safe(z.double(), y),
    lambda z, y: torch.logsumexp(z - z[range(len(y)), y][:, None], 1),
]
WRONG["4.3"] = [
    ("The logit of the right class was", lambda z, y: row_shifted(z.gather(1, y[:, None]), z, y)),
    ("The row's mean was", mean_shifted_losses),
    ("The row's minimum was", lambda z, y: row_shifted(z.amin(1, True), z, y)),
    ("The minus is missing: the loss is", lambda z, y: z[range(len(y)), y] - z.logsumexp(1)),
    ("The logit of the right class is", lambda z, y: row_shifted(z.amax(1, True), z, y, -1)),
    ("The sum of the", lambda z, y: (s := z - z.amax(1, True)).exp().sum(1) - s[range(len(y)), y]),
    ("The labels are ignored: this is the loss of the first", lambda z, y: -z.log_softmax(1)[:, 0]),
    ("A wider format only moves the limit: beside 1e30", lambda z, y: late(z.double(), y)),
    ("no gradient flows", lambda z, y: safe(z, y).detach()),
    ("no gradient flows", lambda z, y: safe(z, y).tolist()),
    ("their gradient is not", where_nan),
    ("This is the probability with a minus", lambda z, y: -z.softmax(1)[range(len(y)), y]),
    ("This is log-sum-exp of the shifted", lambda z, y: (z - z.amax(1, True)).exp().sum(1).log()),
    ("This is the sum over the rows", lambda z, y: F.cross_entropy(z, y, reduction="sum")),
    ("still became zero before", lambda z, y: -z.double().softmax(1)[range(len(y)), y].log()),
    ("the maximum from the logits first", late),
    ("The minus is missing", lambda z, y: -safe(z, y)),
    ("This is the mean over the rows", lambda z, y: safe(z, y).mean()),
    ("The logarithm met", lambda z, y: -z.softmax(1)[range(len(y)), y].log()),
    ("exp overflowed", lambda z, y: -(z.exp() / z.exp().sum(1, True))[range(len(y)), y].log()),
    ("One maximum for", lambda z, y: (s := z - z.max()).exp().sum(1).log() - s[range(len(y)), y]),
    ("This is a softmax of", lambda z, y: F.cross_entropy(z.softmax(1), y, reduction="none")),
    ("No loss is below", clamped),
    ("No loss is below", lambda z, y: -(z.softmax(1)[range(len(y)), y] + 1e-9).log()),
    ("exp overflowed: log-sum", lambda z, y: z.exp().sum(1).log() - z[range(len(y)), y]),
    ("The sum holds", lambda z, y: (z - z.amax(1, True)).logsumexp(1) - z[range(len(y)), y]),
    ("The classes lie", lambda z, y: -z.log_softmax(0)[range(len(y)), y]),
    ("These are bits", lambda z, y: safe(z, y) / math.log(2)),
    ("No loss is below", lambda z, y: safe(z.clamp(-80, 80), y)),
    ("No loss is below", lambda z, y: -F.log_softmax(z.clamp(max=88), 1)[range(len(y)), y]),
    ("This is the gap to the", lambda z, y: -(z - z.amax(1, True)).gather(1, y[:, None])[:, 0]),
    ("This is log-sum-exp alone; the logit of the right", lambda z, y: z.logsumexp(1)),
    ("This is the logit with a minus", lambda z, y: -z[range(len(y)), y]),
    ("This is 1 minus", lambda z, y: 1 - z.softmax(1)[range(len(y)), y]),
    ("", lambda z, y: safe(z, y)[:, None]),
    ("", lambda z, y: safe(z, y) / math.log(10)),
    ("", lambda z, y: safe(z, y) / z.shape[1]),
    ("their gradient is not", lambda z, y: safe(z, y).detach() + (z - z.detach())[:, 0]),
]


def softplus_with(front, x):
    return front + math.log1p(math.exp(-abs(x)))


RIGHT["4.4"] = [
    lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
    lambda x: np.logaddexp(0, x),
    lambda x: x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)),
    lambda x: mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x)),
    lambda x: torch.logaddexp(T(0.0, dtype=torch.float64), T(x, dtype=torch.float64)),
    lambda x: -F.logsigmoid(T(-x, dtype=torch.float64)),
    lambda x: x if x > 37 else math.log1p(math.exp(x)),
    lambda x: F.softplus(T(x, dtype=torch.float64), threshold=600),
    lambda x: T([x], dtype=torch.float64).relu() + T([-abs(x)], dtype=torch.float64).exp().log1p(),
]
WRONG["4.4"] = [
    ("1 + exp(x) rounds", lambda x: max(x, 0) + math.log(1 + math.exp(-abs(x)))),
    ("This is the formula as it reads: exp overflows above", lambda x: math.log(1 + math.exp(x))),
    ("exp overflows above", lambda x: math.log1p(math.exp(x))),
    ("From 20 on", lambda x: F.softplus(T(x, dtype=torch.float64))),
    ("From 20 on", lambda x: x if x > 20 else math.log1p(math.exp(x))),
    ("This is the rectifier", lambda x: max(0, x)),
    ("This is softplus of -x", lambda x: max(-x, 0) + math.log1p(math.exp(-abs(x)))),
    ("These are bits", lambda x: softplus_with(max(x, 0), x) / math.log(2)),
    ("The smooth part", lambda x: max(x, 0) - math.log1p(math.exp(-abs(x)))),
    ("The exponent is -x", lambda x: max(x, 0) + math.log1p(math.exp(-x))),
    ("This form is for", lambda x: x + math.log1p(math.exp(-x))),
    ("The larger of 0 and x stands in front, not the size", lambda x: softplus_with(abs(x), x)),
    ("The larger of 0 and x stands in front, not the sm", lambda x: softplus_with(min(x, 0), x)),
    ("exp overflowed", lambda x: F.softplus(T(x, dtype=torch.float64), threshold=1000)),
    ("", lambda x: F.softplus(T(x))),
    ("", lambda x: np.log1p(np.exp(np.float32(x)))),
    ("", lambda x: x if x > 15 else math.log1p(math.exp(x))),
    ("The exponential stands", lambda x: max(x, 0) + math.exp(-abs(x))),
    ("The larger of 0 and x is missing", lambda x: math.log1p(math.exp(-abs(x)))),
    ("", lambda x: math.log1p(math.exp(min(x, 700.0)))),
    ("Below -20", lambda x: math.exp(x) if x < -20 else max(x, 0) + math.log1p(math.exp(-abs(x)))),
    ("", lambda x: math.exp(x) if x < -25 else max(x, 0) + math.log1p(math.exp(-abs(x)))),
    ("This returns 0", lambda x: float(max(x, 0)) if abs(x) > 36 else math.log1p(math.exp(x))),
    ("This returns 0", lambda x: 0.0 if x < -30 else max(x, 0) + math.log1p(math.exp(-abs(x)))),
    ("", lambda x: np.logaddexp2(0, x)),
    ("This is the derivative", lambda x: math.exp(x) / (1 + math.exp(x)) if x < 700 else 1.0),
]


def log_diff(switch):
    return lambda a, b: (
        a + (math.log(-math.expm1(b - a)) if a - b < switch else math.log1p(-math.exp(b - a)))
    )


def swapped_forms(a, b):
    return a + (math.log1p(-math.exp(b - a)) if a - b < 0.7 else math.log(-math.expm1(b - a)))


def log_diff_mp(a, b):
    with mpmath.workdps(50):
        return float(a + mpmath.log(-mpmath.expm1(mpmath.mpf(b) - mpmath.mpf(a))))


RIGHT["4.5"] = [
    log_diff(math.log(2)),
    log_diff(1),
    log_diff(0.1),
    log_diff(5.0),
    log_diff(9.0),
    log_diff(1e-4),
    log_diff(1e-5),
    log_diff(10),
    log_diff_mp,
    lambda a, b: T(log_diff(0.7)(a, b), dtype=torch.float64),
    lambda a, b: np.float64(log_diff(0.7)(a, b)),
    lambda a, b: [log_diff(0.7)(a, b)],
    lambda a, b: a + (np.log(-np.expm1(b - a)) if b - a > -0.693 else np.log1p(-np.exp(b - a))),
]
WRONG["4.5"] = [
    ("The switch comes too late", log_diff(20)),
    ("The switch comes too late", log_diff(12)),
    ("The switch comes too late", log_diff(13)),
    ("The switch comes too late", log_diff(16)),
    ("The switch comes too late, or there", lambda a, b: b + math.log(math.expm1(min(a - b, 700)))),
    ("or log1p is not added to a alone", lambda a, b: b + log_diff(0.7)(a - b, 0.0)),
    ("exp(a) was taken out", lambda a, b: log_diff(0.7)(a, b) - a + b),
    ("math domain error", lambda a, b: a + math.log(-math.expm1(a - b))),
    ("The switch comes much", log_diff(30)),
    ("expm1 alone", log_diff(math.inf)),
    ("log1p alone", log_diff(0)),
    ("This is the formula", lambda a, b: math.log(math.exp(a) - math.exp(b))),
    ("At small gaps d", lambda a, b: a + math.log(1 - math.exp(b - a))),
    ("do they stand at the right ends", swapped_forms),
    ("exp(a), which was taken out", lambda a, b: math.log(-math.expm1(b - a))),
    ("The logarithm of 1 - exp(-d) is added", lambda a, b: 2 * a - log_diff(0.7)(a, b)),
    ("These are bits", lambda a, b: log_diff(0.7)(a, b) / math.log(2)),
    ("The difference of two", lambda a, b: a - b),
    ("The factor", lambda a, b: log_diff(0.7)(a, b) - a),
    ("This is the logarithm of the sum", lambda a, b: np.logaddexp(a, b)),
    ("only expm1 keeps them", log_diff(1e-7)),
    ("only expm1 keeps them", log_diff(1e-6)),
    ("only expm1 keeps them", log_diff(3e-6)),
    ("The switch comes too late", log_diff(10.5)),
    ("", lambda a, b: T(log_diff(0.7)(a, b))),
    ("", lambda a, b: max(a, b)),
    ("", lambda a, b: math.log(a - b)),
    ("", lambda a, b: b + math.log(math.expm1(a - b)) if a - b < 709 else a),
    ("", lambda a, b: -log_diff(0.7)(a, b)),
    # the sign of a small gap
    ("", lambda a, b: math.log(math.expm1(a - b)) + a if a - b < 1e-5 else log_diff(0.7)(a, b)),
    ("expm1 alone", lambda a, b: a + math.log(-math.expm1(b - a) + 1e-300) if a - b < 37 else a),
    ("", lambda a, b: log_diff(0.7)(a, b) if a - b > 0.7 else a + math.log(-math.expm1(b))),
]

p2, roundoff = 1 / (1 + math.exp(10)), 2.0**-24
RIGHT["4.6"] = [
    1000 * (1 - p2) * roundoff,
    5.96e-5,
    Decimal("0.0000596"),
    T(1000 * (1 - p2) * roundoff),
    np.float32(1000 * (1 - p2) * roundoff),
    Fraction(1000, 2**24),
    [5.96e-5],
    1000 * roundoff,
]
WRONG["4.6"] = [
    ("That is for the first", 1000 * p2 * roundoff),
    ("The unit roundoff is half", 1000 * (1 - p2) * 2**-23),
    ("Each logit moves", 500 * (1 - p2) * roundoff),
    ("The rounding is relative", 20 * (1 - p2) * roundoff),
    ("That is the condition", 1000 * (1 - p2)),
    ("That is the relative change", roundoff),
    ("That is for a logit of its own size; both may be off by u times", 990 * (1 - p2) * roundoff),
    ("The size is that of the larger", 5.84e-5),
    ("Each logit moves by u times 500", 10 * (1 - p2) * roundoff),
    ("That is in percent", 5.96e-3),
    ("", 6e-3),
    ("", 1000 * (1 - p2) * 2**-9),
    ("", p2),
    ("", 0.0),
    ("The size of the change", -5.96e-5),
    ("That is for the first class, and three", 2.7e-9),
]

# ---------------------------------------------------------------- Chapter 5
RIGHT["5.1"] = [
    15,
    15.0,
    T(15.0),
    T(15.0, dtype=torch.float64),
    np.float32(15),
    [15],
    Fraction(15),
    nn.Parameter(T(15.0)),
    T([15]),
]
WRONG["5.1"] = [
    ("That is what one", 5),
    ("That is .grad after two", 10),
    ("The gradients are not", 125),
    ("That is the gradient of the other", 6),
    ("A call does not double", 20),
    ("This adds up what .grad was after", 30),
    ("That counts the calls twice", 45),
    ("", -15),
    ("", 0),
    ("", (15, 6)),
    ("", "fifteen"),
    ("", None),
]
RIGHT["5.2"] = [
    18,
    18.0,
    T(18.0),
    np.int8(18),
    Decimal(18),
    [T(18.0)],
    Fraction(36, 2),
    sympy.Integer(18),
]
WRONG["5.2"] = [
    ("That counts both", 36),
    ("That is the value", 6),
    ("One factor is cut", 0),
    ("That is the local derivative of the first", 3),
    ("That is the derivative of b * b", 12),
    ("That is 3 * 3", 9),
    ("Nothing is doubled", 72),
    ("The factor 3 of the first line is counted twice", 54),
    ("detach cuts off one factor", None),
    ("", -18),
    ("", 2),
    ("", [18, 18]),
    ("", math.nan),
]

RIGHT["5.3"] = [
    lambda s, g: g * s * (1 - s),
    lambda s, g: g * (s - s**2),
    lambda s, g: torch.sigmoid_(torch.logit(s)) * (1 - s) * g,
    lambda s, g: g / (1 / s + 1 / (1 - s)),
    as_numpy(lambda s, g: g * s * (1 - s)),
    lambda s, g: g.double() * s * (1 - s),
    lambda s, g: torch.ops.aten.sigmoid_backward(g, s),
    lambda s, g: [a * b * (1 - b) for a, b in zip(g, s, strict=True)],
]
WRONG["5.3"] = [
    ("The sign is wrong", lambda s, g: -g * s * (1 - s)),
    ("What is given is the output", lambda s, g: g * s.sigmoid() * (1 - s.sigmoid())),
    ("One factor", lambda s, g: g * s),
    ("This is the other half", lambda s, g: g * (1 - s)),
    ("What arrives from above is", lambda s, g: s * (1 - s)),
    ("This adds up", lambda s, g: (g * s * (1 - s)).sum()),
    ("That is the derivative of tanh", lambda s, g: g * (1 - s**2)),
    ("What arrives is mult", lambda s, g: g + s * (1 - s)),
    ("The output s stands here", lambda s, g: g * torch.exp(-s) * s**2),
    ("This multiplies by the sum of all slopes", lambda s, g: g * (s - s**2).sum()),
    ("This multiplies by the sum of what", lambda s, g: g.sum() * (s - s**2)),
    ("What arrives is multiplied with the derivative, not div", lambda s, g: (s - s**2) / g),
    ("Parentheses are missing: what", lambda s, g: g * s - s**2),
    ("Parentheses are missing: the 1", lambda s, g: g * s * 1 - s),
    ("This divides by the derivative", lambda s, g: g * (1 / s + 1 / (1 - s))),
    ("That is softmax", lambda s, g: s * g - s * (s * g).sum(-1, keepdim=True)),
    ("", lambda s, g: g * s * (1 + s)),
    ("", lambda s, g: s * (1 - g)),
    ("", lambda s, g: g * s**2 * (1 - s)),
    ("", lambda s, g: (g * s * (1 - s)).mean()),
    ("", lambda s, g: g @ (s * (1 - s)).T if s.ndim > 1 else g * s * (1 - s)),
    ("It changes its input", lambda s, g: g.mul_(s * (1 - s))),
]

OPS = {
    "add": (lambda a, b: a + b, lambda a, b: (1.0, 1.0)),
    "mul": (lambda a, b: a * b, lambda a, b: (b, a)),
    "sin": (math.sin, lambda a: (math.cos(a),)),
    "exp": (math.exp, lambda a: (math.exp(a),)),
    "log": (math.log, lambda a: (1 / a,)),
}


def values_of(inputs, steps):
    values = list(inputs)
    for name, *where in steps:
        values.append(OPS[name][0](*[values[w] for w in where]))
    return values


def reverse_mode(inputs, steps):
    values = values_of(inputs, steps)
    grad = [0.0] * len(values)
    grad[-1] = 1.0
    for k in reversed(range(len(steps))):
        name, *where = steps[k]
        for w, d in zip(where, OPS[name][1](*[values[w] for w in where]), strict=True):
            grad[w] += d * grad[len(inputs) + k]
    return grad[: len(inputs)]


def forward_mode(inputs, steps):
    found = []
    for i in range(len(inputs)):
        values, slopes = list(inputs), [float(i == j) for j in range(len(inputs))]
        for name, *where in steps:
            args = [values[w] for w in where]
            slopes.append(
                sum(d * slopes[w] for w, d in zip(where, OPS[name][1](*args), strict=True))
            )
            values.append(OPS[name][0](*args))
        found.append(slopes[-1])
    return found


def recursive(inputs, steps):
    values = values_of(inputs, steps)

    def slope(place, i):
        if place < len(inputs):
            return float(place == i)
        name, *where = steps[place - len(inputs)]
        return sum(
            d * slope(w, i)
            for w, d in zip(where, OPS[name][1](*[values[w] for w in where]), strict=True)
        )

    return [slope(len(values) - 1, i) for i in range(len(inputs))]


def differences(inputs, steps, h=1e-6):
    found = []
    for i in range(len(inputs)):
        up = [x + h * (i == j) for j, x in enumerate(inputs)]
        down = [x - h * (i == j) for j, x in enumerate(inputs)]
        found.append((values_of(up, steps)[-1] - values_of(down, steps)[-1]) / (2 * h))
    return found


def by_torch(inputs, steps):
    table = {
        "add": torch.add,
        "mul": torch.mul,
        "sin": torch.sin,
        "exp": torch.exp,
        "log": torch.log,
    }
    xs = [T(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    values = list(xs)
    for name, *where in steps:
        values.append(table[name](*[values[w] for w in where]))
    return [0.0 if g is None else g for g in torch.autograd.grad(values[-1], xs, allow_unused=True)]


def with_rule(combine, at=None, start=0.0, end=1.0, forward=False):
    """Reverse mode with another rule: what a value receives, where slopes are taken, the order."""

    def derive(inputs, steps):
        values = values_of(inputs, steps)
        grad = [start] * (len(values) - 1) + [end]
        for place in sorted(range(len(inputs), len(values)), reverse=not forward):
            name, *where = steps[place - len(inputs)]
            slopes = OPS[name][1](*[values[place] if at == "output" else values[w] for w in where])
            for w, d in zip(where, slopes, strict=True):
                grad[w] = combine(grad[w], d, grad[place])
        return grad[: len(inputs)]

    return derive


def with_wrong_places(inputs, steps):
    """Reverse mode that reads what arrives at a step's own number, not at its result's place."""
    values = values_of(inputs, steps)
    grad = [0.0] * (len(values) - 1) + [1.0]
    for k in reversed(range(len(steps))):
        name, *where = steps[k]
        for w, d in zip(where, OPS[name][1](*[values[w] for w in where]), strict=True):
            grad[w] += d * grad[k]
    return grad[: len(inputs)]


def first_argument_only(inputs, steps):
    values = values_of(inputs, steps)
    grad = [0.0] * (len(values) - 1) + [1.0]
    for k in reversed(range(len(steps))):
        name, *where = steps[k]
        slope = OPS[name][1](*[values[w] for w in where])[0]
        grad[where[0]] += slope * grad[len(inputs) + k]
    return grad[: len(inputs)]


def last_step_only(inputs, steps):
    values = values_of(inputs, steps)
    name, *where = steps[-1]
    grad = [0.0] * len(values)
    for w, d in zip(where, OPS[name][1](*[values[w] for w in where]), strict=True):
        grad[w] += d
    return grad[: len(inputs)]


def send_totals(inputs, steps):
    values = values_of(inputs, steps)
    grad, waiting = [0.0] * len(values), [(len(values) - 1, 1.0)]
    while waiting:
        place, share = waiting.pop()
        grad[place] += share
        if place >= len(inputs):
            name, *where = steps[place - len(inputs)]
            slopes = OPS[name][1](*[values[w] for w in where])
            shares = zip(where, slopes, strict=True)
            waiting += [(w, d * grad[place]) for w, d in shares][::-1]
    return grad[: len(inputs)]


RIGHT["5.4"] = [
    reverse_mode,
    forward_mode,
    recursive,
    lambda i, s: tuple(reverse_mode(i, s)),
    lambda i, s: np.array(forward_mode(i, s)),
    lambda i, s: [Fraction(g) for g in reverse_mode(i, s)],
    lambda i, s: [np.float64(g) for g in recursive(i, s)],
]
WRONG["5.4"] = [
    ("This asks torch", by_torch),
    ("", differences),
    ("This is the last value", lambda i, s: values_of(i, s)[-1]),
    ("The sign is wrong", lambda i, s: [-g for g in reverse_mode(i, s)]),
    ("The order is turned: the first", lambda i, s: reverse_mode(i, s)[::-1]),
    ("", lambda i, s: sum(reverse_mode(i, s))),
    ("A value that is used twice gets a share from", with_rule(lambda old, d, above: d * above)),
    ("What arrives from above", with_rule(lambda old, d, above: old + d)),
    ("The local derivatives are missing", with_rule(lambda old, d, above: old + above)),
    ("Each local derivative", with_rule(lambda old, d, above: old + d * above, "output")),
    ("Only the last value", with_rule(lambda old, d, above: old + d * above, start=1.0)),
    ("Nothing arrives at the inputs.", with_rule(lambda old, d, above: old + d * above, end=0.0)),
    ("Nothing arrives", with_wrong_places),
    ("A step with two arguments", first_argument_only),
    ("The last value starts", lambda i, s: [g * values_of(i, s)[-1] for g in reverse_mode(i, s)]),
    ("Only the shares of the last", with_rule(lambda old, d, above: old + d * above, forward=True)),
    ("Only the shares of the last", last_step_only),
    ("The first step", lambda i, s: reverse_mode(values_of(i, s[:1]), s[1:])[: len(i)]),
    ("Early shares are sent on again", send_totals),
    ("", with_rule(lambda old, d, above: max(old, d * above))),
    ("", with_rule(lambda old, d, above: old + d + above)),
    ("", lambda i, s: reverse_mode(i, s)[0]),
    ("", lambda i, s: [g if g else None for g in reverse_mode(i, s)]),
    ("", values_of),
    ("", lambda i, s: differences(i, s, 1e-3)),
    ("", lambda i, s: [1.0] * len(i)),
]


def hv(f, x, v):
    x = x.detach().clone().requires_grad_()
    (g,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(g @ v, x)[0]


def hv_differences(f, x, v, h=1e-5):
    return (grads(f, x + h * v)[0] - grads(f, x - h * v)[0]) / (2 * h)


def hv_minus_itself(f, x, v):
    x = x.clone().requires_grad_()
    f(x).backward(create_graph=True)
    g = x.grad
    (g @ v).backward()  # adds to g in place
    return x.grad - g


def hv_rows(f, x, v):
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.stack([torch.autograd.grad(p, x, retain_graph=True)[0] @ v for p in g])


def hv_uncleared(f, x, v):
    x = x.clone().requires_grad_()
    f(x).backward(create_graph=True)
    (x.grad @ v).backward()
    return x.grad


def hv_unrecorded(f, x, v):
    x = x.clone().requires_grad_()
    f(x).backward()
    g, x.grad = x.grad, None
    (g @ v).backward()
    return x.grad


def hv_recorded_late(f, x, v):
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(f(x), x)
    return torch.autograd.grad(g.requires_grad_() @ v, x, materialize_grads=True)[0]


def hv_twice(f, x, to_number):
    x = x.clone().requires_grad_()
    gradients = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(to_number(gradients), x)[0]


def hv_again(f, x):
    value = f(x := x.clone().requires_grad_())
    torch.autograd.grad(value, x)
    return torch.autograd.grad(value, x)[0]


def hv_entry_by_entry(f, x, v):
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(sum(g[i] * v[i] for i in range(len(x))), x)[0]


def hv_rows_by_func(f, x, v):
    slopes, rows = torch.func.grad(f), []
    for i in range(len(x)):
        rows.append(torch.func.grad(lambda u: slopes(u)[i])(x) @ v)  # noqa: B023 - called at once
    return torch.stack(rows)


def hv_no_leaf(f, x, v):
    (g,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(g @ v, x)[0]


def hv_unlinked(f, x, v):
    return grads(f, x)[0] * v


RIGHT["5.5"] = [
    hv,
    lambda f, x, v: torch.autograd.functional.hvp(f, x, v)[1],
    lambda f, x, v: torch.func.jvp(torch.func.grad(f), (x,), (v,))[1],
    lambda f, x, v: torch.func.vjp(torch.func.grad(f), x)[1](v)[0],
    lambda f, x, v: torch.autograd.functional.vhp(f, x, v)[1],
    lambda f, x, v: hv(f, x, v).numpy(),
    lambda f, x, v: torch.func.grad(lambda u: torch.func.grad(f)(u) @ v)(x),
    lambda f, x, v: hv(f, x, v).tolist(),
    lambda f, x, v: [float(number) for number in hv(f, x, v)],
    hv_entry_by_entry,
    lambda f, x, v: [(h := hv(f, x, v))[0].item(), *(h[i].item() for i in range(1, len(x)))],
    lambda f, x, v: torch.func.grad(lambda u: torch.func.jvp(f, (u,), (v,))[1])(x),
]
WRONG["5.5"] = [
    ("This makes the whole", lambda f, x, v: torch.autograd.functional.hessian(f, x) @ v),
    ("This makes the whole", lambda f, x, v: torch.func.hessian(f)(x) @ v),
    ("This makes the Hessian row", hv_rows),
    ("This makes the Hessian row", hv_rows_by_func),
    ("This is a quotient", hv_differences),
    ("", lambda f, x, v: hv_differences(f, x, v, 1e-3)),
    ("This is the gradient, the first", lambda f, x, v: grads(f, x)[0]),
    ("This is the curvature along", lambda f, x, v: v @ hv(f, x, v)),
    ("This is the slope along v, a first", lambda f, x, v: grads(f, x)[0] @ v),
    ("v does not take part: these are the sums of", lambda f, x, v: hv(f, x, torch.ones_like(v))),
    ("v came too late: it belongs before", lambda f, x, v: hv(f, x, torch.ones_like(v)) * v),
    ("The gradient is still in .grad", hv_uncleared),
    ("What is differentiated has no history", hv_unrecorded),
    ("What is differentiated has no history", hv_no_leaf),
    ("taken from itself. Is the first", hv_recorded_late),
    ("All zeros: no history", hv_minus_itself),
    ("returns a tuple", lambda f, x, v: (hv(f, x, v),)),
    ("This is H v divided by n", lambda f, x, v: hv_twice(f, x, lambda g: (g[0] * v).mean())),
    ("The gradient is a vector", lambda f, x, v: hv_twice(f, x, lambda g: g[0])),
    ("The first walk has freed", lambda f, x, v: hv_again(f, x) @ v),
    ("returns a tuple", lambda f, x, v: hv_twice(f, x, lambda g: g @ v)),
    ("This is the gradient times v", hv_unlinked),
    ("", lambda f, x, v: -hv(f, x, v)),
    ("", lambda f, x, v: hv(f, x, v) / v.norm()),
    ("", lambda f, x, v: hv(f, v, x)),
    ("", lambda f, x, v: hv(f, x, v / v.norm())),
    ("", lambda f, x, v: hv(f, x, v).float()),
]

# ---------------------------------------------------------------- Chapter 6
RIGHT["6.1"] = [
    983_040_000,
    983_040_000.0,
    np.int64(983_040_000),
    T(983_040_000),
    60_000 * 64 * 64 * 4,
    np.prod([60_000, 64, 64, 4]),
    [60_000 * 2**14],
    Fraction(983_040_000),
    T([983_040_000.0]),
]
WRONG["6.1"] = [
    ("That is in gigabytes", 0.98304),
    ("That is in gibibytes", 60_000 * 64 * 64 * 4 / 2**30),
    ("That is in kilobytes", 983.04e3),
    ("That is one image", 64 * 64 * 4),
    ("That is the size before", 188_160_000),
    ("That would do for one byte a pixel; float32 takes more", 245_760_000),
    ("That is float64", 1_966_080_000),
    ("Resize(64) makes both", 430_080_000),
    ("That is in bits", 7_864_320_000),
    ("", 983),
    ("", 0.98),
    ("That is in mebibytes", 937.5),
    ("That is in megabytes", 983.04),
    ("The test images are counted", 1_146_880_000),
    ("", "983 MB"),
]


def pixelwise(a, b):
    std = a.std(0)
    std[std == 0] = 1
    return (b - a.mean(0)) / std


def pixel_numpy(a, b):
    s = a.std(axis=0, ddof=1)
    return (b - a.mean(axis=0)) / np.where(s > 0, s, 1)


RIGHT["6.2"] = [
    pixelwise,
    as_numpy(pixel_numpy),
    lambda a, b: pixelwise(a.double(), b.double()),
    lambda a, b: (b - a.mean(0, keepdim=True)) / a.std(0).masked_fill(a.std(0) == 0, 1),
    lambda a, b: (b - a.mean(0)) / a.var(0).sqrt().where(a.var(0) > 0, T(1.0)),
    lambda a, b: pixelwise(a, b).tolist(),
]
WRONG["6.2"] = [
    ("The mean is not subtracted", lambda a, b: b / a.std(0).masked_fill(a.std(0) == 0, 1)),
    ("Means and deviations were", lambda a, b: pixelwise(b, b)),
    ("The test images took part", lambda a, b: pixelwise(torch.cat([a, b]), b)),
    ("All pixels share", lambda a, b: (b - a.mean()) / a.std()),
    ("The means are those of the pixels", lambda a, b: (b - a.mean(0)) / a.std()),
    ("Where a pixel never", lambda a, b: (b - a.mean(0)) / a.std(0)),
    ("A pixel that never", lambda a, b: ((b - a.mean(0)) / a.std(0)).where(a.std(0) > 0, T(0.0))),
    ("This divides by the", lambda a, b: (b - a.mean(0)) / a.var(0).where(a.var(0) > 0, T(1.0))),
    ("The mean is subtracted, and", lambda a, b: b - a.mean(0)),
    ("These are the training", lambda a, b: pixelwise(a, a)),
    ("", lambda a, b: (b - a.mean(0)) / (a.std(0) + 1e-2)),
    ("became enormous", lambda a, b: (b - a.mean(0)) / (a.std(0) + 1e-8)),
    ("became enormous", lambda a, b: (b - a.mean(0)) / a.std(0).clamp(min=1e-6)),
    ("became the largest number", lambda a, b: ((b - a.mean(0)) / a.std(0)).nan_to_num()),
    ("Each test image has its", lambda a, b: T([((x - x.mean()) / x.std()).tolist() for x in b])),
    ("each divisor is 1", lambda a, b: (b - a.mean(0)) / a.std(0).clamp(min=1)),
    ("is to be subtracted as", lambda a, b: ((b - a.mean(0)) / a.std(0)).where(a.std(0) > 0, b)),
    ("", lambda a, b: (b - a.mean((1, 2), True)[: len(b)]) / a.std() if len(a) >= len(b) else b),
    ("The means were taken", lambda a, b: (b - b.mean(0)) / a.std(0).where(a.std(0) > 0, T(1.0))),
    ("The mean to subtract", lambda a, b: (b - a.mean()) / a.std(0).where(a.std(0) > 0, T(1.0))),
    ("The deviations were", lambda a, b: (b - a.mean(0)) / b.std(0).where(b.std(0) > 0, T(1.0))),
    ("std() of a tensor", as_numpy(lambda a, b: (b - a.mean(0)) / np.where(a.std(0), a.std(0), 1))),
    ("The sign is turned", lambda a, b: (a.mean(0) - b) / a.std(0).where(a.std(0) > 0, T(1.0))),
    ("Nothing is added", lambda a, b: (b - a.mean(0)) / (1 + a.std(0))),
    ("", lambda a, b: pixelwise(a, b).clamp(-1, 1)),
    ("", lambda a, b: b / a.std(0).where(a.std(0) > 0, T(1.0)) - a.mean(0)),
    ("", lambda a, b: pixelwise(a, b)[0]),
    ("It changes its", lambda a, b: b.sub_(a.mean(0)).div_(a.std(0).where(a.std(0) > 0, T(1.0)))),
    ("", lambda a, b: (b - a.amin(0)) / (a.amax(0) - a.amin(0)).where(a.std(0) > 0, T(1.0))),
]


def split_loop(labels, n, order):
    seen, train, valid = {}, [], []
    for i in order.tolist():
        c = int(labels[i])
        (valid if seen.get(c, 0) < n else train).append(i)
        seen[c] = seen.get(c, 0) + 1
    return train, valid


def split_where(labels, n, order):
    valid = torch.cat([order[labels[order] == c][:n] for c in labels.unique()])
    return order[~torch.isin(order, valid)], valid


def split_places(labels, n, order, aside):
    ordered = labels[order]
    valid = torch.cat([(ordered == c).nonzero()[:n, 0] for c in labels.unique()])
    return valid if aside else T([i for i in range(len(labels)) if i not in valid.tolist()])


RIGHT["6.3"] = [
    split_loop,
    split_where,
    lambda y, n, o: list(split_where(y, n, o)),
    lambda y, n, o: [np.array(part, dtype=int) for part in split_loop(y, n, o)],
    lambda y, n, o: [part.sort().values for part in split_where(y, n, o)],
    lambda y, n, o: [part.int() for part in split_where(y, n, o)],
    lambda y, n, o: tuple(T(part) for part in split_loop(y, n, o)),
    lambda y, n, o: [part.flip(0) for part in split_where(y, n, o)],
]
WRONG["6.3"] = [
    ("One image too few", lambda y, p, o: split_loop(y, p - 1, o)),
    ("This goes through the order from its end", lambda y, p, o: split_loop(y, p, o.flip(0))),
    ("The training part comes first", lambda y, n, o: split_loop(y, n, o)[::-1]),
    ("The order was not used", lambda y, n, o: split_loop(y, n, torch.arange(len(y)))),
    ("The classes are not", lambda y, n, o: (o[n * len(y.unique()) :], o[: n * len(y.unique())])),
    ("Some images are in both", lambda y, n, o: (o, split_where(y, n, o)[1])),
    ("One image too many", lambda y, n, o: split_loop(y, n + 1, o)),
    ("These are places", lambda y, n, o: [split_places(y, n, o, d) for d in (False, True)]),
    ("The count went", lambda y, n, o: [o[i] for i in split_loop(y, n, torch.arange(len(y)))]),
    ("", lambda y, n, o: [part.float() for part in split_where(y, n, o)]),
    ("These are labels", lambda y, n, o: [y[part] for part in split_where(y, n, o)]),
    ("", lambda y, n, o: split_where(y, n, o)[1]),
    (
        "These are truth values",
        lambda y, n, o: [torch.isin(torch.arange(len(y)), part) for part in split_where(y, n, o)],
    ),
    ("", lambda y, n, o: split_where(y, n, o.argsort())),
    ("images in all; so many", lambda y, n, o: (o[n:], o[:n])),
    ("", lambda y, n, o: (split_where(y, n, o)[0], split_where(y, n, o)[1].repeat(2))),
    ("", lambda y, n, o: [part - 1 for part in split_where(y, n, o)]),
    ("", lambda y, n, o: split_loop(y, n, o[torch.randperm(len(o))])),
    # as if the images were stored class by class, equally many of each
    ("", lambda y, n, o: split_where(torch.arange(len(y)) * len(y.unique()) // len(y), n, o)),
]


def three_sums(batches):
    n = total = squares = 0.0
    for x in batches:
        n, total, squares = (
            n + x.numel(),
            total + x.double().sum(),
            squares + (x.double() ** 2).sum(),
        )
    return total / n, (squares / n - (total / n) ** 2).sqrt()


def merged(batches):
    n, mean, m2 = 0, 0.0, 0.0
    for x in batches:
        b, mu = x.numel(), x.double().mean().item()
        m2 += ((x.double() - mu) ** 2).sum().item() + (mu - mean) ** 2 * n * b / (n + b)
        mean, n = mean + (mu - mean) * b / (n + b), n + b
    return mean, math.sqrt(m2 / n)


def welford(batches):
    n, mean, m2 = 0, 0.0, 0.0
    for x in (x for batch in batches for x in batch.flatten().tolist()):
        n, d = n + 1, x - mean
        mean += d / n
        m2 += d * (x - mean)
    return mean, (m2 / n) ** 0.5


def float32_sums(batches, to=float):
    n, total, squares = 0, 0.0, 0.0
    for x in batches:
        n, total, squares = n + x.numel(), total + to(x.sum()), squares + to((x * x).sum())
    return total / n, max(squares / n - (total / n) ** 2, 0) ** 0.5


def average(batches, correction=0, power=1):
    parts = [(x.double().mean(), x.double().std(correction=correction) ** power) for x in batches]
    return T(parts).mean(0) ** T([1, 1 / power])


def squares_too_early(batches):
    n = total = squares = 0.0
    for x in batches:
        n, total = n + x.numel(), total + x.double().sum()
        squares += (x * x).double().sum()
    return total / n, (squares / n - (total / n) ** 2).clamp(min=0).sqrt()


def averaged_spread(batches, correction, power):
    n = total = 0.0
    parts = []
    for x in batches:
        n, total = n + x.numel(), total + x.double().sum().item()
        parts.append(x.double().std(correction=correction).item() ** power)
    return total / n, (sum(parts) / len(parts)) ** (1 / power)


def all_at_once(batches):
    x = torch.cat(list(batches)).double()
    return x.mean(), x.std(correction=0)


def rescale(pair, a, b, power):
    return pair[0] * a, pair[1] ** power * b


def two_passes(batches):
    mean = sum(x.double().sum() for x in batches) / sum(x.numel() for x in batches)
    return mean, mean


def number_by_number(batches):
    n, total, squares = 0, 0.0, 0.0
    for x in batches:
        numbers = x.double().flatten().tolist()
        n, total = n + len(numbers), total + sum(numbers)
        squares += sum([v * v for v in numbers])
    return total / n, (squares / n - (total / n) ** 2) ** 0.5


def sums_of_batches(batches):
    parts = [(x.numel(), x.double().sum(), x.double().square().sum()) for x in batches]
    n, total, squares = (sum(part) for part in zip(*parts, strict=True))
    return total / n, (squares / n - (total / n) ** 2).sqrt()


def generous(batches):
    n = total = squares = 0.0
    for x in batches:
        flat = x.flatten()
        wide = flat.to(torch.float64)
        square = wide**2
        n, total, squares = n + len(flat), total + wide.sum(), squares + square.sum()
        centred = wide - total / n
        assert centred.isfinite().all()
    return float(total / n), math.sqrt(squares / n - (total / n) ** 2)


def kept_moments(batches, keep):
    parts = [keep(x) for x in batches]
    n = total = squares = 0.0
    for part in parts:
        x = torch.as_tensor(part).double()
        n, total, squares = n + x.numel(), total + x.sum(), squares + x.square().sum()
    return total / n, (squares / n - (total / n) ** 2).sqrt()


def sums_in_a_tensor(batches):
    parts = [[x.numel(), x.double().sum(), x.double().square().sum()] for x in batches]
    n, total, squares = T(parts, dtype=torch.float64).sum(0)
    return total / n, (squares / n - (total / n) ** 2).sqrt()


RIGHT["6.4"] = [
    sums_in_a_tensor,
    three_sums,
    merged,
    welford,
    lambda b: list(three_sums(b)),
    lambda b: np.array(merged(b)),
    lambda b: T(merged(b), dtype=torch.float64),
    lambda b: torch.stack(three_sums(b)),
    lambda b: tuple(map(Fraction, merged(b))),
    number_by_number,
    sums_of_batches,
    generous,
]


def sums_per_image(stream):
    n = total = squares = 0.0
    for batch in stream:
        n += len(batch)
        total += batch.double().sum()
        squares += (batch.double() ** 2).sum()
    return total / n, (squares / n - (total / n) ** 2) ** 0.5


def around_batch_means(stream):
    n = total = squares = 0.0
    for batch in stream:
        n += batch.numel()
        total += batch.double().sum()
        squares += ((batch.double() - batch.double().mean()) ** 2).sum()
    return total / n, (squares / n) ** 0.5


def by_size(stream):
    n = total = spread = 0.0
    for x in stream:
        n, total = n + x.numel(), total + x.double().sum()
        spread += x.numel() * x.double().std(correction=0)
    return total / n, spread / n


def equal_batches(stream):
    parts = [(x.double().mean(), x.double().square().mean()) for x in stream]
    mean, square = T(parts, dtype=torch.float64).mean(0)
    return mean, (square - mean**2).sqrt()


def narrow_mean(stream):
    n = total = squares = 0.0
    for x in stream:
        n, total = n + x.numel(), total + x.sum().item()
        squares += x.double().square().sum().item()
    return total / n, max(squares / n - (total / n) ** 2, 0) ** 0.5


def mean_not_squared(stream):
    n = total = squares = 0.0
    for x in stream:
        n, total = n + x.numel(), total + x.double().sum().item()
        squares += x.double().square().sum().item()
    return total / n, (squares / n - total / n) ** 0.5  # complex: a square is less than its number


def squares_by_one_less(stream):
    n = total = squares = 0.0
    for x in stream:
        n, total = n + x.numel(), total + x.double().sum()
        squares += x.double().square().sum()
    return total / n, (squares / (n - 1) - (total / n) ** 2).sqrt()


WRONG["6.4"] = [
    ("Only the squares are divided by one less", squares_by_one_less),
    ("The mean is to be squared before", mean_not_squared),
    ("Weighted or not", by_size),
    ("must count for less, in both", equal_batches),
    ("The values were summed in float32; convert the batch to float64 first", narrow_mean),
    ("This averages the variances", lambda b: average(b, power=2)),
    ("This makes a tensor of more", all_at_once),
    ("each batch comes once", two_passes),
    ("are kept; keep sums", lambda b: kept_moments(b, lambda x: x)),
    ("This keeps many batches", lambda b: kept_moments(b, Tensor.clone)),
    ("This keeps many batches", lambda b: kept_moments(b, Tensor.double)),
    ("are kept; keep sums", lambda b: kept_moments(b, lambda x: x.flatten().numpy())),
    ("are kept; keep sums", lambda b: kept_moments(b, Tensor.tolist)),
    ("are kept; keep sums", lambda b: kept_moments(b, lambda x: x.flatten().double().tolist())),
    ("Each batch was summed in float32", float32_sums),
    ("That is the variance", lambda b: rescale(merged(b), 1, 1, 2)),
    ("The batches' deviations miss", lambda b: average(b)),
    ("This averages the deviations, divided by one less", lambda b: average(b, 1)),
    ("", lambda b: merged(b)[1]),
    ("The mean comes first", lambda b: merged(b)[::-1]),
    ("The squares were rounded to float32 before", squares_too_early),
    ("lie apart, and divide by one less", lambda b: averaged_spread(b, 1, 1)),
    ("The deviations of the batches, averaged", lambda b: averaged_spread(b, 0, 1)),
    ("The variances of the batches miss", lambda b: averaged_spread(b, 0, 2)),
    ("", lambda b: rescale(merged(b), 1, 2, 1)),
    ("", lambda b: rescale(merged(b), 255, 255, 1)),
    ("Only the last", lambda b: [(x.double().mean(), x.double().std(correction=0)) for x in b][-1]),
    (
        "Only the first batch",
        lambda b: next((x.double().mean(), x.double().std(correction=0)) for x in b),
    ),
    ("by the number of images", sums_per_image),
    ("each batch's own mean", around_batch_means),
    ("", lambda b: (merged(b)[0], 0.0)),
    ("", lambda b: rescale(float32_sums(b, lambda t: t.half().float()), 1, 1, 1)),
]


def distances_loop(x, z):
    return T([[float(((a - b) ** 2).sum()) for b in x] for a in z])


def knn(x, y, z, k, dist=None):
    d = torch.cdist(z.flatten(1), x.flatten(1)) ** 2 if dist is None else dist(x, z)
    near = y[d.topk(k, largest=False).indices]
    return F.one_hot(near, int(y.max()) + 1).sum(1).argmax(1)


def knn_loop(x, y, z, k):
    out = []
    for a in z:
        near = sorted(range(len(x)), key=lambda i: float(((x[i] - a) ** 2).sum()))[:k]
        labels = [int(y[i]) for i in near]
        out.append(min(set(labels), key=lambda c: (-labels.count(c), c)))
    return out


def knn_nearest_wins(x, y, z, k):
    out = []
    for a in z:
        near = sorted(range(len(x)), key=lambda i: float(((x[i] - a) ** 2).sum()))[:k]
        labels = [int(y[i]) for i in near]
        out.append(max(labels, key=labels.count))
    return out


def knn_weighted(x, y, z, k):
    d, near = torch.cdist(z.flatten(1), x.flatten(1)).topk(k, largest=False)
    return (F.one_hot(y[near]) / (d[:, :, None] + 1e-8)).sum(1).argmax(1)


RIGHT["6.5"] = [
    knn,
    knn_loop,
    lambda x, y, z, k: knn(x, y, z, k, distances_loop),
    lambda x, y, z, k: knn(x, y, z, k).float(),
    lambda x, y, z, k: np.array(knn_loop(x, y, z, k)),
    lambda x, y, z, k: knn(x.double(), y, z.double(), k).int(),
]
WRONG["6.5"] = [
    (
        "The nearest was left out",
        lambda x, y, z, k: y[distances_loop(x, z).argsort(1)[:, 1 : k + 1]].mode(1).values,
    ),
    (
        "These are numbers of votes",
        lambda x, y, z, k: (
            F.one_hot(y[distances_loop(x, z).topk(k, largest=False).indices]).sum(1).max(1).values
        ),
    ),
    (
        "Of labels with equally many votes the smallest is asked for, not the nearest",
        knn_nearest_wins,
    ),
    (
        "Of labels with equally many votes the smallest is asked for, not the largest",
        lambda x, y, z, k: 9 - knn(x, 9 - y, z, k),
    ),
    ("These are numbers", lambda x, y, z, k: torch.cdist(z.flatten(1), x.flatten(1)).argmin(1)),
    ("Only the nearest", lambda x, y, z, k: y[torch.cdist(z.flatten(1), x.flatten(1)).argmin(1)]),
    (
        "These are the labels of the images farthest",
        lambda x, y, z, k: knn(x, y, z, k, lambda x, z: -torch.cdist(z.flatten(1), x.flatten(1))),
    ),
    ("One neighbour too many", lambda x, y, z, k: knn(x, y, z, k + 1)),
    ("", lambda x, y, z, k: knn(x, y, z, k) + 1),
    (
        "",
        lambda x, y, z, k: knn(
            x, y, z, k, lambda x, z: z.flatten(1).sum(1)[:, None].sub(x.flatten(1).sum(1)).abs()
        ),
    ),
    ("", lambda x, y, z, k: knn(x, y, z, k)[0]),
    (
        "These are the neighbours' labels",
        lambda x, y, z, k: y[
            torch.cdist(z.flatten(1), x.flatten(1)).topk(k, largest=False).indices
        ],
    ),
    (
        "These are the votes",
        lambda x, y, z, k: F.one_hot(
            y[torch.cdist(z.flatten(1), x.flatten(1)).topk(k, largest=False).indices]
        ).sum(1),
    ),
    (
        "The largest product",
        lambda x, y, z, k: knn(x, y, z, k, lambda x, z: -(z.flatten(1) @ x.flatten(1).T)),
    ),
    (
        "Cosine similarity compares directions",
        lambda x, y, z, k: knn(
            x, y, z, k, lambda x, z: -F.cosine_similarity(z.flatten(1)[:, None], x.flatten(1), -1)
        ),
    ),
    (
        "This is the sum of absolute",
        lambda x, y, z, k: knn(x, y, z, k, lambda x, z: (z[:, None] - x).abs().sum((2, 3))),
    ),
    (
        "their median is not a vote",
        lambda x, y, z, k: (
            y[torch.cdist(z.flatten(1), x.flatten(1)).topk(k, largest=False).indices]
            .median(1)
            .values
        ),
    ),
    (
        "This is the mean of the labels",
        lambda x, y, z, k: (
            y[torch.cdist(z.flatten(1), x.flatten(1)).topk(k, largest=False).indices]
            .double()
            .mean(1)
        ),
    ),
    ("Each of the k has one vote", knn_weighted),
    ("", lambda x, y, z, k: knn(x, y, z, max(k - 1, 1))),
    ("", lambda x, y, z, k: y.mode().values.expand(len(z))),
    (
        "This is the label of the k-th nearest",
        lambda x, y, z, k: y[
            torch.cdist(z.flatten(1), x.flatten(1)).topk(k, largest=False).indices[:, -1]
        ],
    ),
]


def from_means(m, scale=1.0, shift=0.0, lift=0.0):
    weight = m.flatten(1).T
    return scale * (weight + shift), scale * (lift - (weight**2).sum(0) / 2)


RIGHT["6.6"] = [
    from_means,
    lambda m: list(from_means(m)),
    lambda m: from_means(m, 2.0),
    lambda m: from_means(m, 0.01, 0.3, -5.0),
    lambda m: (from_means(m)[0].tolist(), from_means(m)[1].tolist()),
    lambda m: tuple(part.numpy() for part in from_means(m)),
    lambda m: from_means(m.double()),
    lambda m: (from_means(m)[0], -0.5 * m.flatten(1).norm(dim=1) ** 2),
    lambda m: from_means(m, shift=-m.mean(0).flatten()[:, None]),
    lambda m: from_means(m, shift=50 * m[0].flatten()[:, None]),
    lambda m: (from_means(m)[0], from_means(m)[1][None]),
    lambda m: (from_means(m)[0].numpy(), [from_means(m)[1].tolist()]),
]
WRONG["6.6"] = [
    ("The biases are all equal", lambda m: (m.flatten(1).T, T([0.0] * len(m)))),
    ("The biases are all equal", lambda m: (m.flatten(1).T, -(m * m).sum().expand(len(m)) / 2)),
    ("The weights are twice too large", lambda m: (2 * m.flatten(1).T, from_means(m)[1])),
    ("The largest score now stands", lambda m: from_means(m, -2.0)),
    ("The bias is twice too large", lambda m: (m.flatten(1).T, -(m * m).sum((1, 2)))),
    ("The bias has the wrong sign", lambda m: (m.flatten(1).T, (m * m).sum((1, 2)) / 2)),
    ("The weights have the wrong sign", lambda m: (-2 * m.flatten(1).T, -(m * m).sum((1, 2)))),
    ("The bias takes the lengths", lambda m: (m.flatten(1).T, -m.flatten(1).norm(dim=1) / 2)),
    ("", lambda m: (m.flatten(1), from_means(m)[1])),
    ("", lambda m: (m, from_means(m)[1])),
    ("its shape", lambda m: (from_means(m)[0], from_means(m)[1][:, None])),
    ("The bias has the wrong sign", lambda m: (from_means(m)[0], -from_means(m)[1][None])),
    ("", lambda m: from_means(m)[0]),
    ("", lambda m: from_means(m)[::-1]),
    ("", lambda m: (0 * from_means(m)[0], from_means(m)[1])),
    ("", lambda m: (from_means(m)[0] / m.flatten(1).norm(dim=1), T([0.0] * len(m)))),
    ("", lambda m: from_means(m - m.mean(0))),
    ("", lambda m: (from_means(m)[0], -m.flatten(1).mean(1))),
    ("half their squares", lambda m: (from_means(m)[0], -m.flatten(1).norm(dim=1))),
    ("The bias takes the mean", lambda m: (from_means(m)[0], -0.5 * (m * m).mean((1, 2)))),
    ("", lambda m: from_means(m[:, :1])),
]

# ---------------------------------------------------------------- Chapter 7
RIGHT["7.1"] = [
    (0.1 / 256, 0.1 / 8),
    (0.00039, 0.0125),
    (0.00039, 0.013),
    [3.9e-4, 1.25e-2],
    T([0.1 / 256, 0.0125]),
    T([0.00039, 0.013]),
    np.array([0.000390625, 0.0125]),
    (Fraction(1, 2560), Fraction(1, 80)),
    (Decimal("0.00039"), T(0.0125)),
]
WRONG["7.1"] = [
    ("times as long, so its rate must be smaller", (25.6, 0.0125)),
    ("A mean keeps", (0.00039, 0.1)),
    ("Small batches make more", (0.00039, 0.8)),
    ("The root of the ratio", (0.00039, 0.035)),
    ("The second loss is a mean", (0.00039, 0.0031)),
    ("Neither rate", (0.1, 0.1)),
    ("The sum's gradient is 256 times that", (0.1, 0.0125)),
    ("A longer gradient and more steps both ask for a smaller", (25.6, 0.8)),
    ("The two rates are exchanged: that of the sum comes first", (0.0125, 0.00039)),
    ("", 0.00039),
    ("Both rates are rounded", (0.0004, 0.01)),
    ("The second rate is rounded", (0.00039, 0.01)),
    ("", (0.1 / 32, 0.1 / 256)),
    ("Those are the factors", (1 / 256, 1 / 8)),
    ("The second loss is a mean again", (0.00039, 0.00039)),
    ("The sum's rate must be smaller", (25.6, 0.1)),
    ("The first sum is over", (0.0031, 0.0125)),
    ("A longer gradient and more steps both ask for a smaller", (0.1, 0.8)),
    ("The first number is a factor", (0.0039, 0.0125)),
    ("The second number is a factor", (0.00039, 0.125)),
    ("The first rate is rounded", (0.0004, 0.0125)),
    ("Those are the divisors", (256, 8)),
    ("The first loss is a sum over 256", (0.0125, 0.0125)),
    ("", (0.00039, 0.05)),
]


def error(p, y):
    return p - F.one_hot(y, p.shape[1])


def whole_rows(p, y):
    q = p.clone()
    q[y] -= 1
    return q


def whole_columns(p, y):
    q = p.clone()
    q[:, y] -= 1
    return q


RIGHT["7.2"] = [
    lambda X, p, y: X.flatten(1).T @ error(p, y) / len(y),
    lambda X, p, y: E("ij,ik->jk", X.flatten(1), error(p, y)) / len(y),
    lambda X, p, y: (error(p, y).T @ X.reshape(len(X), -1)).T / len(X),
    lambda X, p, y: (
        sum(torch.outer(x.flatten(), e) for x, e in zip(X, error(p, y), strict=True)) / len(y)
    ),
    lambda X, p, y: (X.double().flatten(1).T @ error(p.double(), y)) / len(y),
    as_numpy(lambda X, p, y: X.reshape(len(X), -1).T @ (p - np.eye(p.shape[1])[y]) / len(y)),
    lambda X, p, y: (X.flatten(1)[:, :, None] * error(p, y)[:, None]).mean(0),
    lambda X, p, y: X.flatten(1).T @ (error(p, y) / len(y)),
]
WRONG["7.2"] = [
    (
        "Autograd did",
        lambda X, p, y: grads(
            lambda W: F.nll_loss(((X.flatten(1) @ W) + p.log()).log_softmax(1), y),
            torch.zeros(X[0].numel(), p.shape[1]),
        )[0],
    ),
    ("This is the sum", lambda X, p, y: X.flatten(1).T @ error(p, y)),
    ("The sign is", lambda X, p, y: -X.flatten(1).T @ error(p, y) / len(y)),
    ("The labels were", lambda X, p, y: X.flatten(1).T @ p / len(y)),
    ("Rows and columns", lambda X, p, y: error(p, y).T @ X.flatten(1) / len(y)),
    (
        "The mean is over",
        lambda X, p, y: (X.flatten(1)[:, :, None] * error(p, y)[:, None]).mean(0) / p.shape[1],
    ),
    ("This divides by 256", lambda X, p, y: X.flatten(1).T @ error(p, y) / 256),
    (
        "The labels were added",
        lambda X, p, y: X.flatten(1).T @ (p + F.one_hot(y, p.shape[1])) / len(y),
    ),
    ("There are not always ten", lambda X, p, y: X.flatten(1).T @ (p - F.one_hot(y, 10)) / len(y)),
    ("The images are not always of", lambda X, p, y: X.reshape(-1, 784).T @ error(p, y) / len(y)),
    ("pixels instead", lambda X, p, y: X.flatten(1).T @ error(p, y) / X[0].numel()),
    ("pixels as well", lambda X, p, y: X.flatten(1).T @ error(p, y) / X.numel()),
    ("This is the sum over the batch, with", lambda X, p, y: -X.flatten(1).T @ error(p, y)),
    ("has as many columns as these", lambda X, p, y: X.flatten(1).T @ (p - F.one_hot(y)) / len(y)),
    ("This is the gradient with respect", lambda X, p, y: error(p, y).mean(0)),
    ("", lambda X, p, y: X.flatten(1).T @ error(p, y).abs() / len(y)),
    ("", lambda X, p, y: X.flatten(1).T @ (error(p, y) * p) / len(y)),
    ("This reshape mixes the", lambda X, p, y: X.reshape(-1, len(y)) @ error(p, y) / len(y)),
    ("Class numbers were subtracted;", lambda X, p, y: X.flatten(1).T @ (p - y[:, None]) / len(y)),
    (
        "This subtracts 1 in whole columns",
        lambda X, p, y: X.flatten(1).T @ whole_columns(p, y) / len(y),
    ),
    ("It changes", lambda X, p, y: X.flatten(1).T @ p.sub_(F.one_hot(y, p.shape[1])) / len(y)),
    ("These are probabilities", lambda X, p, y: X.flatten(1).T @ error(p.softmax(1), y) / len(y)),
    (
        "The derivative -1/p",
        lambda X, p, y: -X.flatten(1).T @ (F.one_hot(y, p.shape[1]) / p) / len(y),
    ),
    (
        "Only the score of the true",
        lambda X, p, y: X.flatten(1).T @ (error(p, y) * F.one_hot(y, p.shape[1])) / len(y),
    ),
    (
        "The pixels were laid out column",
        lambda X, p, y: X.permute(2, 1, 0).reshape(-1, len(y)) @ error(p, y) / len(y),
    ),
    ("This subtracts 1 in whole rows", lambda X, p, y: X.flatten(1).T @ whole_rows(p, y) / len(y)),
    (
        "The probabilities were left out",
        lambda X, p, y: -X.flatten(1).T @ F.one_hot(y, p.shape[1]).float() / len(y),
    ),
    ("classes instead", lambda X, p, y: X.flatten(1).T @ error(p, y) / p.shape[1]),
    ("p (1 - p) is", lambda X, p, y: X.flatten(1).T @ (p - p.square()) / len(y)),
    ("", lambda X, p, y: 2 * X.flatten(1).T @ error(p, y) / len(y)),
    ("This is the product", lambda X, p, y: torch.outer(X.flatten(1).mean(0), error(p, y).mean(0))),
    ("", lambda X, p, y: (X.flatten(1).T @ error(p, y) / len(y)).mean(0)),
    ("", lambda X, p, y: X.flatten(1).T @ error(p.log(), y) / len(y)),
]


def clip(p, g, lr, c):
    norm = g.norm()
    return p - lr * g * (c / norm if norm > c else 1)


def clip_torch(p, g, lr, c):
    q = nn.Parameter(p.clone())
    q.grad = g.clone()
    nn.utils.clip_grad_norm_([q], c)
    return q.data - lr * q.grad


RIGHT["7.3"] = [
    clip,
    clip_torch,
    lambda p, g, lr, c: p - lr * g * min(1.0, c / max(g.square().sum().sqrt().item(), 1e-30)),
    lambda p, g, lr, c: clip(p.double(), g.double(), lr, c),
    as_numpy(lambda p, g, lr, c: p - lr * g / max(1.0, np.linalg.norm(g) / c)),
    lambda p, g, lr, c: (
        p - lr * g / max(1.0, math.sqrt(sum(x * x for x in g.flatten().tolist())) / c)
    ),
    lambda p, g, lr, c: clip(p, g, lr, c).tolist(),
]
WRONG["7.3"] = [
    ("Each number was cut", lambda p, g, lr, c: p - lr * g.clamp(-c, c)),
    ("A gradient that is short", lambda p, g, lr, c: p - lr * g * c / g.norm()),
    ("Every gradient was", lambda p, g, lr, c: p - lr * c * g / max(g.norm().item(), 1e-9)),
    (
        "This shortens by the root of the mean",
        lambda p, g, lr, c: p - lr * g * min(1, c / max(g.norm() / g.numel() ** 0.5, 1e-9)),
    ),
    ("The gradient was divided by", lambda p, g, lr, c: p - lr * g / (c if g.norm() > c else 1)),
    (
        "the largest singular value",
        lambda p, g, lr, c: p - lr * g * min(1, c / max(torch.linalg.norm(g, ord=2), 1e-9)),
    ),
    ("The step goes uphill", lambda p, g, lr, c: p + (p - clip(p, g, lr, c))),
    ("The gradient was not", lambda p, g, lr, c: p - lr * g),
    ("The limit is for the gradient", lambda p, g, lr, c: clip(p, lr * g, 1.0, c)),
    (
        "compared with the square of the norm",
        lambda p, g, lr, c: p - lr * g * (c / g.norm() if g.norm() ** 2 > c else 1.0),
    ),
    ("A gradient of zeros has", lambda p, g, lr, c: p - lr * g / g.norm() * min(g.norm(), c)),
    (
        "The limit is for the whole gradient, not for each of its rows",
        lambda p, g, lr, c: p - lr * g * (c / g.norm(dim=-1, keepdim=True)).clamp(max=1),
    ),
    (
        "This shortens by the sum",
        lambda p, g, lr, c: p - lr * g * min(1, c / max(g.abs().sum(), c)),
    ),
    ("It changes its input", lambda p, g, lr, c: p.sub_(lr * g * (c / g.norm()).clamp(max=1))),
    ("It changes its input", lambda p, g, lr, c: p - lr * g.mul_((c / g.norm()).clamp(max=1))),
    ("It raised ZeroDiv", lambda p, g, lr, c: p - lr * min(1.0, c / g.norm().item()) * g),
    (
        "This shortens by the largest",
        lambda p, g, lr, c: p - lr * g * min(1, c / max(g.abs().max(), 1e-9)),
    ),
    ("The parameter was", lambda p, g, lr, c: (p - lr * g) * min(1, c / max(g.norm(), 1e-9))),
    ("The new parameter", lambda p, g, lr, c: (q := p - lr * g) * min(1, c / max(q.norm(), 1e-9))),
    ("", lambda p, g, lr, c: p - lr * g * (c / g.norm() if (g.norm(dim=-1) > c).any() else 1)),
    ("and only from above", lambda p, g, lr, c: p - lr * torch.where(g > c, c, g)),
    (
        "The largest number was compared",
        lambda p, g, lr, c: p - lr * (g / g.norm() * c if (g.abs() > c).any() else g),
    ),
    (
        "The mean was compared",
        lambda p, g, lr, c: p - lr * (g / g.norm() * c if sum(g.flatten()) > c * g.numel() else g),
    ),
    ("A norm was subtracted", lambda p, g, lr, c: p - lr * min(g.norm(), c)),
    ("multiplied by the shortened norm", lambda p, g, lr, c: p - lr * g * min(g.norm(), c)),
    ("multiplied by the limit", lambda p, g, lr, c: p - lr * (c * g if g.norm() > c else g)),
    (
        "This shortens by the square",
        lambda p, g, lr, c: p - lr * g * (c / (g**2).sum() if (g**2).sum() > c else 1.0),
    ),
    ("The shortened gradient", lambda p, g, lr, c: p - g * (c / g.norm()).clamp(max=1)),
    ("That is the step", lambda p, g, lr, c: lr * g * (c / g.norm()).clamp(max=1)),
    ("That is the shortened", lambda p, g, lr, c: g * (c / g.norm()).clamp(max=1)),
    (
        "A gradient that is too long is shortened to",
        lambda p, g, lr, c: p - lr * (g / g.norm() if g.norm() > c else g),
    ),
    ("The learning rate", lambda p, g, lr, c: p - c * g / g.norm() if g.norm() > c else p - lr * g),
    (
        "The limit is for the whole gradient, not for each of its columns",
        lambda p, g, lr, c: p - lr * g * (c / g.norm(dim=0)).clamp(max=1),
    ),
    (
        "A gradient that is too long is shortened; here its step was left",
        lambda p, g, lr, c: p - lr * g if g.norm() <= c else p,
    ),
    ("A gradient that is too long", lambda p, g, lr, c: p - lr * g * (g.norm() <= c)),
    (
        "The condition is the wrong way round: shorten what is above",
        lambda p, g, lr, c: p - lr * g * c / g.norm() if g.norm() < c else p - lr * g,
    ),
    ("The factor is", lambda p, g, lr, c: p - lr * g * (g.norm() / c if g.norm() > c else 1)),
    ("The limit plays no part", lambda p, g, lr, c: p - lr * g / max(1, g.norm().item())),
    (
        "The norm of the step was",
        lambda p, g, lr, c: p - lr * g * (c / g.norm() if (lr * g).norm() > c else 1),
    ),
    ("", lambda p, g, lr, c: p - lr * g * (c / g.norm() if g.norm() > 0.9 * c else 1)),
    ("", lambda p, g, lr, c: p - lr * g * (c / g.norm()).clamp(max=1) ** 2),
    ("", lambda p, g, lr, c: p - lr * g.sign() * min(g.norm(), c)),
    ("The norm of the parameter", lambda p, g, lr, c: p - lr * g * min(1, c / max(p.norm(), c))),
]


def stop(losses, patience):
    best, at = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, at = loss, epoch
        elif epoch - at == patience:
            return epoch
    return len(losses)


def first_counted(losses, patience):
    best, since = losses[0], 0
    for epoch, loss in enumerate(losses, 1):
        since = 0 if loss < best else since + 1
        best = min(best, loss)
        if since >= patience:
            return epoch
    return len(losses)


def stop_slices(losses, patience):
    for n in range(patience + 1, len(losses) + 1):
        if min(losses[n - patience : n]) >= min(losses[: n - patience]):
            return n
    return len(losses)


def against_previous(losses, patience):
    bad = 0
    for i in range(1, len(losses)):
        bad = bad + 1 if losses[i] >= losses[i - 1] else 0
        if bad == patience:
            return i + 1
    return len(losses)


def above_previous(losses, patience):
    bad = 0
    for i in range(1, len(losses)):
        bad = bad + 1 if losses[i] > losses[i - 1] else 0
        if bad == patience:
            return i + 1
    return len(losses)


def from_zero(losses, patience):
    best, since = math.inf, 0
    for epoch, loss in enumerate(losses):
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since >= patience:
            return epoch
    return len(losses)


def equal_is_best(losses, patience):
    best, since = math.inf, 0
    for i, loss in enumerate(losses, 1):
        best, since = (loss, 0) if loss <= best else (best, since + 1)
        if since == patience:
            return i
    return len(losses)


def goes_on(losses, patience):
    best, since, end = math.inf, 0, len(losses)
    for epoch, loss in enumerate(losses, 1):
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since >= patience:
            end = epoch
    return end


def by_a_margin(losses, patience, margin=1e-3):
    best, since = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        best, since = (loss, 0) if loss < best - margin else (best, since + 1)
        if since == patience:
            return epoch
    return len(losses)


def never_renewed(losses, patience):
    best, since = losses[0], 0
    for i, loss in enumerate(losses):
        since = 0 if loss < best or i == 0 else since + 1
        if since >= patience:
            return i + 1
    return len(losses)


def rises_in_all(losses, patience, over):
    bad = 0
    for i in range(1, len(losses)):
        bad += over(losses[i], losses[i - 1])
        if bad == patience:
            return i + 1
    return len(losses)


def shifted_end(losses, patience, shift):
    best, since = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since == patience:
            return epoch + shift(patience)
    return len(losses)


def best_counted(losses, patience):
    best, since = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, since = loss, 0
        since += 1
        if since == patience:
            return epoch
    return len(losses)


def above_the_best_of_all(losses, patience):
    since = 0
    for epoch, loss in enumerate(losses, 1):
        since = since + 1 if loss > min(losses) else 0
        if since == patience:
            return epoch
    return len(losses)


def best_starts_at_zero(losses, patience):
    best, since = 0.0, 0
    for epoch, loss in enumerate(losses, 1):
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since == patience:
            return epoch
    return len(losses)


def not_in_a_row(losses, patience):
    best, since = math.inf, 0
    for i, loss in enumerate(losses, 1):
        if loss < best:
            best = loss
        else:
            since += 1
        if since == patience:
            return i
    return len(losses)


RIGHT["7.4"] = [
    stop,
    stop_slices,
    lambda a, p: float(stop(a, p)),
    lambda a, p: T(stop(a, p)),
    lambda a, p: np.int64(stop(a, p)),
    lambda a, p: stop(np.array(a), p),
]
WRONG["7.4"] = [
    ("Each loss was compared with the one before", against_previous),
    ("Each loss was compared with the one before, and an equal", above_previous),
    ("The loop counts from 0", from_zero),
    ("An equal loss", equal_is_best),
    ("The epochs without a new", not_in_a_row),
    ("That is the epoch of the best", lambda a, p: a.index(min(a)) + 1),
    ("Counted from the best loss of all; the", lambda a, p: min(len(a), a.index(min(a)) + 1 + p)),
    (
        "epochs before; the best",
        lambda a, p: next((n + 1 for n in range(p, len(a)) if not a[n] < a[n - p]), len(a)),
    ),
    (
        "epochs before, and an equal",
        lambda a, p: next((n + 1 for n in range(p, len(a)) if a[n] > a[n - p]), len(a)),
    ),
    ("Each loss was compared with the first", never_renewed),
    ("The best so far starts below", best_starts_at_zero),
    ("Epochs are counted from 1", lambda a, p: stop(a, p) - 1),
    ("This ends one epoch late: the run ends when patience has run", lambda a, p: stop(a, p + 1)),
    ("This never ends", lambda a, p: len(a)),
    ("The epoch of a new best was counted too; patience counts those after", best_counted),
    ("The best of the full run", above_the_best_of_all),
    ("", lambda a, p: min(p + 1, len(a))),
    ("That is the best loss; ", lambda a, p: min(a)),
    ("That is the best loss until", lambda a, p: min(a[: stop(a, p)])),
    ("The first loss is a new best", first_counted),
    ("This ends one epoch early", lambda a, p: stop(a, max(p - 1, 1))),
    ("That is the best epoch until", lambda a, p: (b := a[: stop(a, p)]).index(min(b)) + 1),
    ("This ends at the first epoch without", lambda a, p: stop(a, 1)),
    (
        "This ends at the first rise",
        lambda a, p: next((i + 1 for i in range(1, len(a)) if a[i] > a[i - 1]), len(a)),
    ),
    ("The highest loss", lambda a, p: stop([-x for x in a], p)),
    ("All rises were counted, in a row", partial(rises_in_all, over=lambda new, old: new > old)),
    ("All epochs without a fall were", partial(rises_in_all, over=lambda new, old: not new < old)),
    ("this is the next one", partial(shifted_end, shift=lambda p: 1)),
    ("Where patience runs out", partial(shifted_end, shift=lambda p: -p)),
    ("counted from 0", lambda a, p: int(np.argmin(a))),
    ("", lambda a, p: None if stop(a, p) == len(a) else stop(a, p)),
    ("", lambda a, p: stop(sorted(a), p)),
    ("A loss is a new best however little it lies below", by_a_margin),
    ("The run ends the first time", goes_on),
    (
        "Each loss was compared with the best of the `patience` epochs before",
        lambda a, p: next(
            (n + 1 for n in range(p, len(a)) if not a[n] < min(a[n - p : n])), len(a)
        ),
    ),
]

# ---------------------------------------------------------------- Chapter 8
RIGHT["8.1"] = [
    0.449,
    0.44899,
    T(0.449),
    np.float32(0.449),
    Fraction(449, 1000),
    [0.449],
    Decimal("0.449"),
    (T(0.449, dtype=torch.float64),),
]
WRONG["8.1"] = [
    ("That is the run with", 0.729),
    ("That is w after two", 0.71),
    ("That is w after four", 0.143),
    ("The gradient at each", 0.4),
    ("That takes three steps along the first", 0.7),
    ("That is w after one", 0.9),
    ("The steps go uphill", 1.651),
    ("The learning rate is missing", -1),
    ("", 1.551),
    ("That is the gradient at the third", 2.61),
    ("Three steps, but only the last", (0.9, 0.71, 0.449)),
    ("", -0.449),
    ("", 0.5),
    ("The derivative of w squared / 2 is w, not 2 w; and", 0.512),
    ("", 0.741),
    ("right to 2 digits", 0.45),
]


def momentum(p, g, b, lr, m):
    b = m * b + g
    return p - lr * b, b


RIGHT["8.2"] = [
    momentum,
    lambda *a: list(momentum(*a)),
    lambda p, g, b, lr, m: (p - lr * m * b - lr * g, g + m * b),
    lambda *a: torch.stack(momentum(*a)),
    as_numpy(momentum),
    lambda p, g, b, lr, m: momentum(p.double(), g, b, lr, m),
]
WRONG["8.2"] = [
    ("torch adds the whole", lambda p, g, b, lr, m: momentum(p, (1 - m) * g, b, lr, m)),
    ("torch keeps the learning rate", lambda p, g, b, lr, m: (p - m * b - lr * g, m * b + lr * g)),
    ("This is Nesterov", lambda p, g, b, lr, m: (p - lr * (g + m * (m * b + g)), m * b + g)),
    ("The step uses the old", lambda p, g, b, lr, m: (p - lr * b, m * b + g)),
    ("The step goes uphill", lambda p, g, b, lr, m: (p + lr * (m * b + g), m * b + g)),
    ("The momentum plays", lambda p, g, b, lr, m: (p - lr * g, g)),
    ("The buffer is added whole", lambda p, g, b, lr, m: (p - lr * (b + g), b + g)),
    ("The new buffer is to be", lambda *a: momentum(*a)[0]),
    ("The buffer comes second", lambda *a: momentum(*a)[::-1]),
    ("Here rate and sign", lambda p, g, b, lr, m: (p + (m * b - lr * g), m * b - lr * g)),
    ("The new buffer is to be returned, not", lambda p, g, b, lr, m: (p - lr * (m * b + g), b)),
    ("The step goes along the gradient", lambda p, g, b, lr, m: (p - lr * g, m * b + g)),
    ("The momentum multiplies", lambda p, g, b, lr, m: momentum(p, m * g, b, lr, m)),
    ("Momentum and 1", lambda p, g, b, lr, m: momentum(p, m * g, b, lr, 1 - m)),
    ("The learning rate is", lambda p, g, b, lr, m: momentum(p, lr * g, b, lr, m)),
    (
        "The second result is to be the buffer; this is the step",
        lambda p, g, b, lr, m: (p - lr * (n := m * b + g), lr * n),
    ),
    (
        "The first result is to be the new parameter; this is the",
        lambda p, g, b, lr, m: (lr * (n := m * b + g), n),
    ),
    (
        "The first result is to be the new parameter; this is only",
        lambda p, g, b, lr, m: (-lr * (n := m * b + g), n),
    ),
    ("The old buffer, too", lambda p, g, b, lr, m: (p - lr * g - m * b, m * b + g)),
    ("The second result is", lambda p, g, b, lr, m: (p - lr * (m * b + g), g)),
    ("The step is taken without", lambda p, g, b, lr, m: (p - (m * b + g), m * b + g)),
    ("", lambda p, g, b, lr, m: (p - lr * b - g, m * b + g)),
    ("It changes its input", lambda p, g, b, lr, m: (p.sub(lr * b.mul_(m).add_(g)), b)),
    ("It changes its input", lambda p, g, b, lr, m: (p.sub_(lr * (m * b + g)), m * b + g)),
    ("Here the sign stands", lambda p, g, b, lr, m: (p + lr * (m * b - g), m * b - g)),
    ("", lambda p, g, b, lr, m: (p - lr * g + m * b, m * b + g)),
    ("The gradient is sub", lambda p, g, b, lr, m: (p - lr * (m * b - g), m * b - g)),
    ("", lambda p, g, b, lr, m: None),
]


def by_scheduler(t, n, a, b):
    sgd = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=a)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, n, eta_min=b)
    for _ in range(t):
        sgd.step()
        schedule.step()
    return schedule.get_last_lr()


RIGHT["8.3"] = [
    lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * t / n)) / 2,
    lambda t, n, a, b: (a + b) / 2 + (a - b) / 2 * np.cos(np.pi * t / n),
    lambda t, n, a, b: a - (a - b) * math.sin(math.pi * t / n / 2) ** 2,
    by_scheduler,
    lambda t, n, a, b: T(b) + (a - b) * (1 + torch.cos(T(math.pi * t / n))) / 2,
    lambda t, n, a, b: b + (a - b) * math.cos(math.pi * t / n / 2) ** 2,
]
WRONG["8.3"] = [
    ("Brackets are", lambda t, n, a, b: b + (a - b) * 1 + math.cos(math.pi * t / n) / 2),
    ("1 + cos / 2", lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * t / n) / 2)),
    ("It reaches lr_end half", lambda t, n, a, b: b + (a - b) * max(0, np.cos(math.pi * t / n))),
    ("1 - sin over", lambda t, n, a, b: a - (a - b) * math.sin(math.pi * t / (2 * n))),
    ("Half a turn is pi", lambda t, n, a, b: b + (a - b) * (1 + math.cos(t / n)) / 2),
    (
        "It reaches lr_end before",
        lambda t, n, a, b: max(b, a * (1 + math.cos(math.pi * t / n)) / 2),
    ),
    ("It ends at zero", lambda t, n, a, b: a * (1 + math.cos(math.pi * t / n)) / 2),
    ("It rises", lambda t, n, a, b: b + (a - b) * (1 - math.cos(math.pi * t / n)) / 2),
    ("A cosine also falls below", lambda t, n, a, b: b + (a - b) * math.cos(math.pi * t / n)),
    ("That is a whole", lambda t, n, a, b: b + (a - b) * (1 + math.cos(2 * math.pi * t / n)) / 2),
    ("That is a quarter", lambda t, n, a, b: b + (a - b) * math.cos(math.pi * t / n / 2)),
    (
        "That is a quarter of a turn, and",
        lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi / 2 * t / n)) / 2,
    ),
    ("math.cos wants", lambda t, n, a, b: b + (a - b) * (1 + math.cos(180 * t / n)) / 2),
    ("That is a straight", lambda t, n, a, b: a + (b - a) * t / n),
    ("lr_end was added", lambda t, n, a, b: b + a * (1 + math.cos(math.pi * t / n)) / 2),
    (
        "It reaches lr_end one",
        lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * t / (n - 1))) / 2,
    ),
    (
        "That is the rate of the next",
        lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * (t + 1) / n)) / 2,
    ),
    ("1 + cos starts at 2", lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * t / n))),
    ("The cosine ends at -1", lambda t, n, a, b: a * math.cos(math.pi * t / n)),
    (
        "That is the rate of the step before",
        lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * (t - 1) / n)) / 2,
    ),
    ("That is a sine, which", lambda t, n, a, b: b + (a - b) * (1 + math.sin(math.pi * t / n)) / 2),
    ("It does not", lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * t / (n + 1))) / 2),
    ("The height", lambda t, n, a, b: (a + b) * (1 + math.cos(math.pi * t / n)) / 2),
    ("lr_end is added to", lambda t, n, a, b: b + (a + b) * (1 + math.cos(math.pi * t / n)) / 2),
    ("Without the 1", lambda t, n, a, b: b + (a - b) / 2 * math.cos(math.pi * t / n)),
    ("", lambda t, n, a, b: a * (b / a if b else 1e-3) ** (t / n)),
    ("The rate stays at", lambda t, n, a, b: b + (a - b) * (1 + math.cos(math.pi * (t // n))) / 2),
    ("It falls as it should", lambda t, n, a, b: (a - b) * (1 + math.cos(math.pi * t / n)) / 2),
    ("", lambda t, n, a, b: b + (a - b) * (1 + math.cos(3.1 * t / n)) / 2),
    ("", lambda t, n, a, b: b + (a - b) * (1 - t / n) ** 2),
]


def portions(f, X, y, size):
    total = torch.zeros(X.shape[1], 3)
    for i in range(0, len(X), size):
        total += f(X[i : i + size], y[i : i + size]) * len(X[i : i + size])
    return total / len(X)


def parts_of(f, X, y, size):
    return [(len(a), f(a, b)) for a, b in zip(X.split(size), y.split(size), strict=True)]


RIGHT["8.4"] = [
    portions,
    lambda f, X, y, n: sum(k / len(X) * g for k, g in parts_of(f, X, y, n)),
    lambda f, X, y, n: sum(f(X[i : i + 1], y[i : i + 1]) for i in range(len(X))) / len(X),
    lambda f, X, y, n: portions(f, X, y, n).double(),
    lambda f, X, y, n: portions(f, X, y, n).numpy(),
    lambda f, X, y, n: portions(f, X.flip(0), y.flip(0), n),
    lambda f, X, y, n: np.average(
        [g.numpy() for _, g in parts_of(f, X, y, n)],
        axis=0,
        weights=[k for k, _ in parts_of(f, X, y, n)],
    ),
    lambda f, X, y, n: portions(f, X, y, 1).tolist(),
]
WRONG["8.4"] = [
    (
        "A smaller last",
        lambda f, X, y, n: sum(g for _, g in parts_of(f, X, y, n)) / len(parts_of(f, X, y, n)),
    ),
    ("A sum of means", lambda f, X, y, n: sum(g for _, g in parts_of(f, X, y, n))),
    ("This is the sum over the rows", lambda f, X, y, n: len(X) * portions(f, X, y, n)),
    ("That is the gradient of the last", lambda f, X, y, n: parts_of(f, X, y, n)[-1][1]),
    ("The sign is wrong", lambda f, X, y, n: -portions(f, X, y, n)),
    ("The rows of", lambda f, X, y, n: portions(f, X[: len(X) // n * n], y[: len(y) // n * n], n)),
    ("It raised ValueError: there is memory", lambda f, X, y, n: f(X, y)),
    ("That is the gradient of the first", lambda f, X, y, n: parts_of(f, X, y, n)[0][1]),
    ("This divides by size;", lambda f, X, y, n: sum(k / n * g for k, g in parts_of(f, X, y, n))),
    ("Each mean is to be", lambda f, X, y, n: sum(g for _, g in parts_of(f, X, y, n)) / len(X)),
    (
        "The last micro-batch was",
        lambda f, X, y, n: sum(g for _, g in parts_of(f, X, y, n)) / max(1, len(X) // n),
    ),
    (
        "Each micro-batch counts by its own rows",
        lambda f, X, y, n: sum(g for _, g in parts_of(f, X, y, n)) * n / len(X),
    ),
    (
        "The rows of the last micro-batch were left out, but",
        lambda f, X, y, n: sum(k * g for k, g in parts_of(f, X, y, n) if k == n) / len(X),
    ),
    (
        "Halving the running mean gives the last",
        lambda f, X, y, n: reduce(lambda a, b: (a + b) / 2, [g for _, g in parts_of(f, X, y, n)]),
    ),
    ("", lambda f, X, y, n: [g for _, g in parts_of(f, X, y, n)]),
    ("", lambda f, X, y, n: portions(f, X, y.flip(0), n)),
    ("", lambda f, X, y, n: portions(f, X, y, n).T),
    ("It raised TypeError", lambda f, X, y, n: portions(f, X, y, n)(0)),
    (
        "It raised ValueError: there is memory",  # chunk makes n parts, split parts of n rows
        lambda f, X, y, n: sum(
            len(a) / len(X) * f(a, b) for a, b in zip(X.chunk(n), y.chunk(n), strict=True)
        ),
    ),
]


def epoch(order="zero forward backward step", train=True, weigh=True, total=False, first=False):
    """An epoch with the lines of its loop in some order."""

    def run(model, batches, loss, optimizer):
        if train:
            model.train()
        losses, sizes = [], []
        if first:
            optimizer.zero_grad()
        for X, y in batches:
            for word in order.split():
                if word == "zero":
                    optimizer.zero_grad()
                elif word == "forward":
                    value = loss(model(X), y)
                elif word == "backward":
                    value.backward()
                else:
                    optimizer.step()
            losses.append(value.item())
            sizes.append(len(y))
        weights = sizes if weigh else [1] * len(sizes)
        mean = sum(a * b for a, b in zip(losses, weights, strict=True)) / (
            1 if total else sum(weights)
        )
        return mean

    return run


def by_hand(model, batches, loss, optimizer):
    model.train(True)
    everything = 0.0
    for X, y in batches:
        value = loss(model(X), y)
        for p in model.parameters():
            p.grad = None
        value.backward()
        optimizer.step()
        everything += value.detach() * X.shape[0]
    return everything / sum(X.shape[0] for X, _ in batches)


def whole_batch(model, batches, loss, optimizer):
    X, y = torch.cat([X for X, _ in batches]), torch.cat([y for _, y in batches])
    return epoch()(model, [(X, y)], loss, optimizer)


def measured_late(mode):
    """An epoch whose losses are those after the step, or after the epoch."""

    def run(model, batches, loss, optimizer):
        losses = []
        for X, y in batches:
            epoch()(model, [(X, y)], loss, optimizer)
            if mode == "step":
                losses.append(loss(model(X), y).item())
        if mode == "epoch":
            model.eval()
            losses = [loss(model(X), y).item() for X, y in batches]
        return np.average(losses, weights=[len(y) for _, y in batches])

    return run


def looked_at_first(model, batches, loss, optimizer):
    seen = []
    for X, y in batches:
        model.eval()
        with torch.no_grad():
            seen.append(loss(model(X), y).item())
        epoch()(model, [(X, y)], loss, optimizer)
    return np.average(seen, weights=[len(y) for _, y in batches])


def summed_steps(model, batches, loss, optimizer):
    model.train()
    everything = rows = 0
    for X, y in batches:
        optimizer.zero_grad()
        value = loss(model(X), y) * len(y)
        value.backward()
        optimizer.step()
        everything, rows = everything + value.item(), rows + len(y)
    return everything / rows


def twice(model, batches, loss, optimizer):
    epoch()(model, batches, loss, optimizer)
    return epoch()(model, batches, loss, optimizer)


def one_step(model, batches, loss, optimizer):
    mean = epoch("forward backward", first=True)(model, batches, loss, optimizer)
    optimizer.step()
    return mean


def first_batch(model, batches, loss, optimizer):
    losses = [epoch()(model, [batch], loss, optimizer) for batch in batches]
    return losses[0]


RIGHT["8.5"] = [
    epoch(),
    by_hand,
    epoch("forward zero backward step"),
    lambda *a: T(epoch()(*a)),
    lambda *a: np.float64(epoch()(*a)),
    lambda *a: [epoch()(*a)],
]
WRONG["8.5"] = [
    ("The gradients of the batch before", epoch("forward backward step")),
    ("The first step used", epoch("forward backward step zero")),
    ("The parameters did not", epoch("zero forward step")),
    ("The model was not in training", epoch(train=False)),
    ("The last batch is smaller", epoch(weigh=False)),
    ("The loss is to be", lambda *a: (epoch()(*a), None)[1]),
    ("", epoch("forward step backward")),
    ("", whole_batch),
    ("", twice),
    ("This is the sum over the examples", epoch(total=True)),
    ("This divides the sum over the", lambda m, b, f, o: epoch(total=True)(m, b, f, o) / len(b)),
    ("Each batch is to be measured before", measured_late("step")),
    ("Each batch was measured in evaluation", looked_at_first),
    ("The step went along", summed_steps),
    ("This looks back when the epoch is over; each batch is to be", measured_late("epoch")),
    ("", lambda *a: -epoch()(*a)),
    ("Each batch takes two", epoch("zero forward backward step step")),
    ("This is the loss of the first", first_batch),
    ("", lambda m, b, f, o: epoch()(m, b[::-1], f, o)),
    ("Only one batch was used", lambda m, b, f, o: epoch()(m, b[:1], f, o)),
    ("The gradients pile up", epoch("forward backward step", first=True)),
    ("One step was taken", one_step),
    ("Each batch went through the model", epoch("forward zero forward backward step")),
    (
        "The loss of a batch is a mean",
        lambda m, b, f, o: epoch(weigh=False, total=True)(m, b, f, o) / sum(len(y) for _, y in b),
    ),
    ("This is the loss of the last", lambda m, b, f, o: [epoch()(m, [x], f, o) for x in b][-1]),
]

# ---------------------------------------------------------------- Chapter 9
RIGHT["9.1"] = [
    (0.6, 30 / 130),
    (0.6, 0.23),
    [0.60, 0.231],
    T([0.6, 0.23]),
    np.array([0.6, 0.2308]),
    (Fraction(3, 5), Fraction(3, 13)),
    (Decimal("0.6"), 3 / 13),
    (T(0.6), np.float32(0.23)),
]
WRONG["9.1"] = [
    ("The recall of coats looks", (0.6, 0.75)),
    ("Recall and precision are", (0.23, 0.6)),
    ("The second row is that", (0.6, 0.97)),
    ("The precision divides", (0.6, 0.043)),
    ("The recall divides by the row", (0.06, 0.23)),
    ("", (0.6, 0.2)),
    ("", 0.6),
    ("", (0.5, 0.23)),
    ("Those are percent", (60, 23)),
    ("", (0.6, 0.1)),
    ("", (0.923, 0.6)),
    ("Precision and recall of the old place; recall comes first", (0.75, 0.6)),
    ("That is the share of pullovers", (0.6, 0.769)),
    ("Those are the precisions here and there; the recall comes first", (0.75, 0.23)),
    ("The rows are the true classes: more", (0.316, 0.75)),
    ("The rows are the true classes, and", (0.75, 0.316)),
    ("What was called coat", (0.6, 0.3)),
    ("Those are recall and precision of the pullovers", (0.83, 0.98)),
    ("Coats that were called dress are not in the column", (0.6, 0.207)),
]

RIGHT["9.2"] = [
    0.01,
    1 / 100,
    Fraction(1, 100),
    T(0.01),
    np.float32(0.01),
    [0.01],
    Decimal("0.01"),
    10 / 1000,
    T(0.01).half(),
]
WRONG["9.2"] = [
    ("That is the most probable state: right", 0.5),
    ("The two costs", 0.99),
    ("That is a ratio", 0.0101),
    ("A probability lies", 99),
    ("That is the number in percent", 1),
    ("", 0.1),
    ("", 0.001),
    ("", -0.01),
    ("", 0.02),
    ("Percent are hundredths; write the", "1 %"),
    ("Percent are hundredths; write a", "1%"),
    ("That is a ratio", 10 / 990),
    ("A sign", 10 / (990 - 10)),
]


def answer_costs(p, m, a):
    costs = torch.cat([(1 - p) * m, torch.full((len(p), 1), a)], 1)
    best = costs.argmin(1)
    return best.where(best < p.shape[1], T(-1))


RIGHT["9.3"] = [
    answer_costs,
    lambda p, m, a: [int(r.argmax()) if (1 - r.max()) * m <= a else -1 for r in p],
    as_numpy(lambda p, m, a: np.where((1 - p.max(1)) * m > a, -1, p.argmax(1))),
    lambda p, m, a: answer_costs(p, m, a).int(),
    lambda p, m, a: tuple(answer_costs(p, m, a).tolist()),
    lambda p, m, a: torch.stack([x for x in answer_costs(p, m, a)]).to(torch.int8),
]
WRONG["9.3"] = [
    ("Where both cost", lambda p, m, a: torch.where((1 - p.amax(1)) * m >= a, -1, p.argmax(1))),
    ("A threshold of 0.7 is right", lambda p, m, a: torch.where(p.amax(1) < 0.7, -1, p.argmax(1))),
    ("One half is no", lambda p, m, a: torch.where(p.amax(1) < 0.5, -1, p.argmax(1))),
    ("This always answers", lambda p, m, a: p.argmax(1)),
    ("This always asks", lambda p, m, a: torch.full((len(p),), -1)),
    ("It asks where", lambda p, m, a: torch.where((1 - p.amax(1)) * m > a, p.argmax(1), -1)),
    ("The ratio of the costs", lambda p, m, a: torch.where(p.amax(1) < a / m, -1, p.argmax(1))),
    ("The cost of a", lambda p, m, a: torch.where((1 - p.amax(1)) / m > a, -1, p.argmax(1))),
    ("Each row has its own decision", lambda p, m, a: p.argmax(1) if m > a else [-1] * len(p)),
    ("This compares the confidence", lambda p, m, a: torch.where(p.amax(1) < a, -1, p.argmax(1))),
    ("These are the expected", lambda p, m, a: (1 - p.amax(1)) * m),
    ("", lambda p, m, a: answer_costs(p, m, a).float()),
    ("That is the cost if the", lambda p, m, a: torch.where(p.amax(1) * m > a, -1, p.argmax(1))),
    ("Asking is to", lambda p, m, a: torch.where((1 - p.amax(1)) * m > a, p.shape[1], p.argmax(1))),
    ("", lambda p, m, a: torch.where(p.amax(1) < 0.8, -1, p.argmax(1))),
    ("This answers with", lambda p, m, a: torch.where((1 - p.amax(1)) * m > a, -1, p.argmin(1))),
    (
        "All other classes",
        lambda p, m, a: torch.where(p.sort(1)[0][:, -2] * m > a, -1, p.argmax(1)),
    ),
    ("Each row has its", lambda p, m, a: torch.where((1 - p.max()) * m > a, -1, p.argmax(1))),
    (
        "The confidence is the largest probability of a row",
        lambda p, m, a: [-1 if (1 - r.min()) * m > a else r.argmin().item() for r in p],
    ),
    ("", lambda p, m, a: torch.where((1 - p.mean(1)) * m > a, -1, p.argmax(1))),
    ("The probability of a", lambda p, m, a: torch.where((1 - p.amax(1)) > a, -1, p.argmax(1))),
    ("Asking is to be written as -1; 0", lambda p, m, a: p.argmax(1) * ((1 - p.amax(1)) * m <= a)),
    ("", lambda p, m, a: -1 if (1 - p.max()) * m > a else int(p.argmax())),
    ("cost nothing if", lambda p, m, a: torch.where(p.amax(1) < 1 - a / (a + m), -1, p.argmax(1))),
    ("The two costs", lambda p, m, a: torch.where((1 - p.amax(1)) * a > m, -1, p.argmax(1))),
    ("Asking is for the", lambda p, m, a: torch.where((1 - p.amax(1)) * m < a, -1, p.argmax(1))),
    ("", lambda p, m, a: [None if x < 0 else int(x) for x in answer_costs(p, m, a)]),
]


def moved(p, old, new):
    w = p * (new / old)
    return w / w.sum(1, keepdim=True)


RIGHT["9.4"] = [
    moved,
    lambda p, old, new: (p.log() + (new / old).log()).softmax(1),
    lambda p, old, new: F.normalize(p * new / old, p=1, dim=1),
    as_numpy(lambda p, o, n: (p * n / o) / (p * n / o).sum(1, keepdims=True)),
    lambda p, o, n: moved(p.double(), o.double(), n.double()),
    lambda p, o, n: moved(p, o, n).tolist(),
    lambda p, o, n: moved(p, o * 5, n * 3),
]
WRONG["9.4"] = [
    ("The rows do not sum", lambda p, o, n: p * n / o),
    ("Old and new are", lambda p, o, n: moved(p, n, o)),
    ("Old and new are exchanged, and the rows", lambda p, o, n: p * o / n),
    ("The old frequencies divide", lambda p, o, n: (w := p * o * n) / w.sum(1, keepdim=True)),
    ("The rows are to sum", lambda p, o, n: F.normalize(p * n / o)),
    ("The old frequencies are", lambda p, o, n: moved(p, torch.ones_like(o), n)),
    ("The new frequencies are not", lambda p, o, n: moved(p, o, torch.ones_like(n))),
    ("This would be added", lambda p, o, n: p + (n / o).log()),
    ("These are the new freq", lambda p, o, n: n.expand_as(p)),
    ("Square roots", lambda p, o, n: moved(p, o.sqrt(), n.sqrt())),
    ("This divides by the sums of the columns", lambda p, o, n: (w := p * n / o) / w.sum(0)),
    ("The sums need keepdim: each row", lambda p, o, n: (w := p * n / o) / w.sum(1)),
    ("These are the probabilities of the old", lambda p, o, n: p),
    ("Bayes multiplies", lambda p, o, n: p + n - o),
    ("The old frequencies are still in it, and the rows", lambda p, o, n: p * n),
    ("", lambda p, o, n: (p + n - o).clamp(0, 1)),
    ("The scores are the log", lambda p, o, n: (p + (n / o).log()).softmax(1)),
    ("These are logarithms", lambda p, o, n: (p.log() + (n / o).log()).log_softmax(1)),
    ("These are scores", lambda p, o, n: p.log() + n.log() - o.log()),
    ("Each row is divided", lambda p, o, n: (w := p * n / o) / w.max(1, keepdim=True)[0]),
    ("The products are", lambda p, o, n: (p * n / o).softmax(1)),
    ("Each row sums", lambda p, o, n: (w := p * n / o) / w.sum()),
    ("Each row is divided by its own sum; this div", lambda p, o, n: p * (n / o) / (n / o).sum()),
    (
        "Each row is divided by its own sum; this sum",
        lambda p, o, n: (p.T * (n / o)[:, None] / (p @ n)).T,
    ),
    ("The new frequencies are not in it, and", lambda p, o, n: p @ o.diag().inverse()),
    ("", lambda p, o, n: (p + n) / 2),
    ("", lambda p, o, n: (p * n / o).clamp(max=1)),
    ("It changes its input", lambda p, o, n: p.mul_(n / o).div_(p.sum(1, keepdim=True))),
    ("", lambda p, o, n: torch.stack([w := moved(p[:, :2], o[:2], n[:2])[:, 0], 1 - w], 1)),
]


def equal_bins(p, y, n, split=np.array_split, order=1):
    conf, pred = p.max(1)
    conf, right = conf.numpy(), (pred == y).numpy()
    idx = np.argsort(conf)[::order]
    return sum(len(b) * abs(right[b].mean() - conf[b].mean()) for b in split(idx, n)) / len(y)


def equal_bins_loop(p, y, n):
    pairs = sorted(
        (row.max().item(), float(row.argmax() == c)) for row, c in zip(p, y, strict=True)
    )
    base, extra, start, total = len(pairs) // n, len(pairs) % n, 0, 0.0
    for i in range(n):
        part = pairs[start : start + base + (i < extra)]
        start += len(part)
        total += abs(sum(r - c for c, r in part))
    return total / len(pairs)


RIGHT["9.5"] = [
    equal_bins,
    equal_bins_loop,
    lambda p, y, n: T(equal_bins(p, y, n)),
    lambda p, y, n: [equal_bins(p, y, n)],
    lambda p, y, n: Fraction(float(equal_bins(p, y, n))),
    lambda p, y, n: equal_bins(p.double(), y, n).astype(np.float32),
    lambda p, y, n: mpmath.mpf(equal_bins_loop(p, y, n)),
]


def bins_of_one_size(p, y, n, divisor, rest=False):
    size, (confidence, guess) = len(y) // n, p.double().max(1)
    order = confidence.argsort()
    total = 0.0
    for i in range(n):
        end = None if rest and i == n - 1 else (i + 1) * size
        bin_ = order[i * size : end]
        accuracy = (guess[bin_] == y[bin_]).double().mean()
        total += len(bin_) * abs(accuracy - confidence[bin_].mean()).item()
    return total / divisor


def quantile_bins(p, y, n, side):
    conf, right = p.double().amax(1).numpy(), (p.argmax(1) == y).numpy()
    edges = np.quantile(conf, np.linspace(0, 1, n + 1)[1:-1])
    idx = np.searchsorted(edges, conf, side)
    return sum(abs((right - conf)[idx == i].sum()) for i in range(n)) / len(y)


WRONG["9.5"] = [
    ("Edges at quantiles cut", lambda p, y, n: quantile_bins(p, y, n, "left")),
    ("Edges at quantiles, each with the bin", lambda p, y, n: quantile_bins(p, y, n, "right")),
    (
        "Sort by the confidence",
        lambda p, y, n: (
            sum(
                abs(((p.argmax(1) == y).double() - p.double().amax(1))[i].sum().item())
                for i in p[range(len(y)), y].argsort().tensor_split(n)
            )
            / len(y)
        ),
    ),
    ("Parts of n // num_bins", lambda p, y, n: bins_of_one_size(p, y, n, len(y))),
    (
        "n // num_bins in each part leaves the",
        lambda p, y, n: bins_of_one_size(p, y, n, len(y) // n * n),
    ),
    ("The last part takes", lambda p, y, n: bins_of_one_size(p, y, n, len(y), rest=True)),
    (
        "n // num_bins in each part leaves a rest; here it makes one part more",
        lambda p, y, n: (
            sum(
                abs(((p.argmax(1) == y).double() - p.double().amax(1))[i].sum().item())
                for i in p.amax(1).argsort().split(len(y) // n)
            )
            / len(y)
        ),
    ),
    ("Sort with the least sure first", lambda p, y, n: equal_bins(p, y, n, order=-1)),
    (
        "Sorting each column",
        lambda p, y, n: (
            sum(
                abs((q.argmax(1) == c).double().sum() - q.amax(1).sum()).item()
                for q, c in zip(
                    p.double().sort(0)[0].tensor_split(n), y.tensor_split(n), strict=True
                )
            )
            / len(y)
        ),
    ),
    (
        "torch.chunk makes a last",
        lambda p, y, n: equal_bins(
            p, y, n, lambda i, n: [c.numpy() for c in torch.from_numpy(i.copy()).chunk(n)]
        ),
    ),
    ("Each gap is a distance", lambda p, y, n: ((p.argmax(1) == y).float() - p.amax(1)).mean()),
    ("The distance is", lambda p, y, n: ((p.argmax(1) == y).float() - p.amax(1)).mean().abs()),
    ("This is the error of", lambda p, y, n: ((p.argmax(1) == y).float() - p.amax(1)).abs().mean()),
    ("This is a sum over", lambda p, y, n: len(y) * equal_bins(p, y, n)),
    (
        "A larger part",
        lambda p, y, n: (
            sum(
                abs(((p.argmax(1) == y).double() - p.double().amax(1))[i].mean().item())
                for i in p.amax(1).argsort().tensor_split(n)
            )
            / n
        ),
    ),
    (
        "These are the squares",
        lambda p, y, n: (
            sum(
                len(i) * ((p.argmax(1) == y).double() - p.double().amax(1))[i].mean().item() ** 2
                for i in p.amax(1).argsort().tensor_split(n)
            )
            / len(y)
        ),
    ),
    ("", lambda p, y, n: -equal_bins(p, y, n)),
    ("", lambda p, y, n: equal_bins(p, y, n + 1)),
    ("These are percent", lambda p, y, n: equal_bins(p, y, n) * 100),
    (
        "This is the root",
        lambda p, y, n: np.sqrt(
            sum(
                len(i) * ((p.argmax(1) == y).double() - p.double().amax(1))[i].mean().item() ** 2
                for i in p.amax(1).argsort().tensor_split(n)
            )
            / len(y)
        ),
    ),
    ("Each gap is a distance,", lambda p, y, n: (p.amax(1) - (p.argmax(1) == y).float()).mean()),
    (
        "This is the largest",
        lambda p, y, n: max(
            abs(((p.argmax(1) == y).float() - p.amax(1))[i].mean().item())
            for i in p.amax(1).argsort().tensor_split(n)
        ),
    ),
    (
        "The accuracy is the fraction that is right",
        lambda p, y, n: (
            sum(
                abs(((p.argmax(1) != y).float() - p.amax(1))[i].sum().item())
                for i in p.amax(1).argsort().tensor_split(n)
            )
            / len(y)
        ),
    ),
    ("", lambda p, y, n: (p.argmax(1) == y).float().mean()),
    ("", lambda p, y, n: equal_bins(1 - p, y, n)),
    (
        "What is right was sorted",
        lambda p, y, n: (
            sum(
                abs((r - c).sum().item())
                for r, c in zip(
                    (p.argmax(1) == y).double()[p.amax(1).argsort()].tensor_split(n),
                    p.double().amax(1).tensor_split(n),
                    strict=True,
                )
            )
            / len(y)
        ),
    ),
    (
        "The confidences were sorted, what is right",
        lambda p, y, n: (
            sum(
                abs((r - c).sum().item())
                for r, c in zip(
                    (p.argmax(1) == y).double().tensor_split(n),
                    p.double().amax(1).sort()[0].tensor_split(n),
                    strict=True,
                )
            )
            / len(y)
        ),
    ),
    (
        "split(num_bins)",
        lambda p, y, n: equal_bins(p, y, n, lambda i, n: np.split(i, range(n, len(i), n))),
    ),
    (
        "This is the sum of the gaps",
        lambda p, y, n: sum(
            abs(((p.argmax(1) == y).double() - p.double().amax(1))[i].mean().item())
            for i in p.amax(1).argsort().tensor_split(n)
        ),
    ),
    (
        "The confidence is the largest probability, not",
        lambda p, y, n: (
            sum(
                abs(((p.argmax(1) == y).double() - p.double()[range(len(y)), y])[i].sum().item())
                for i in p[range(len(y)), y].argsort().tensor_split(n)
            )
            / len(y)
        ),
    ),
    ("The labels must be", lambda p, y, n: equal_bins(p[p.amax(1).argsort()], y, n)),
    (
        "This is the calibration of class 0; the confidence is the largest",
        lambda p, y, n: (
            sum(
                abs(((y == 0).double() - p[:, 0].double())[i].sum().item())
                for i in p[:, 0].argsort().tensor_split(n)
            )
            / len(y)
        ),
    ),
    (
        "The confidence is the largest",
        lambda p, y, n: (
            sum(
                abs(((p.argmax(1) == y).double() - p[:, 0].double())[i].sum().item())
                for i in p[:, 0].argsort().tensor_split(n)
            )
            / len(y)
        ),
    ),
    ("", lambda p, y, n: equal_bins(p, y, n, lambda i, n: [i[j::n] for j in range(n)])),
    (
        "The images were not sorted",
        lambda p, y, n: (
            sum(
                abs(part.sum().item())
                for part in ((p.argmax(1) == y).float() - p.amax(1)).tensor_split(n)
            )
            / len(y)
        ),
    ),
    ("", lambda p, y, n: equal_bins(p, y, n) ** 0.5),
    ("", lambda p, y, n: [part.tolist() for part in p.amax(1).sort().values.tensor_split(n)]),
]

# ---------------------------------------------------------------- Chapter 10
RIGHT["10.1"] = [
    (38_450_000, 1_638_400_000),
    [38_450_000, 1_638_400_000],
    T([38_450_000, 1_638_400_000]),
    np.array([38_450_000, 1.6384e9]),
    (38.45e6, 1.6384e9),
    [T(38_450_000), Fraction(1_638_400_000)],
    (np.int32(38_450_000), Decimal("1638400000")),
]
WRONG["10.1"] = [
    ("The biases are", (38_400_000, 1_638_400_000)),
    ("There is one bias per", (38_400_768, 1_638_400_000)),
    ("A float32 number takes four bytes.", (38_450_000, 409_600_000)),
    ("A float32 number takes four bytes; that", (38_450_000, 13_107_200_000)),
    ("Each position of each sequence has its own row", (38_450_000, 3_200_000)),
    ("All sequences", (38_450_000, 102_400_000)),
    ("Parameters are asked for first", (153_800_000, 1_638_400_000)),
    ("The parameters come first", (1_638_400_000, 38_450_000)),
    ("Bytes are asked for, not meg", (38_450_000, 1638.4)),
    ("Bytes are asked for, not gig", (38_450_000, 1.6384)),
    ("The biases are missing, and", (38_400_000, 409_600_000)),
    ("", 38_450_000),
    ("Both numbers are asked for exactly, not r", (38_450_000, 1_600_000_000)),
    ("Both numbers are asked for exactly, not to", (38_450_000, 1.64e9)),
    ("Bytes are asked for, not gib", (38_450_000, 1.52587890625)),
    ("Bytes are asked for, exactly, not gigabytes to th", (38_450_000, 1.64)),
    ("Bytes are asked for, exactly, not gigabytes to tw", (38_450_000, 1.6)),
    ("Bytes are asked for, not meb", (38_450_000, 1562.5)),
    ("A float32 number takes four bytes; two", (38_450_000, 819_200_000)),
    ("A float32 number takes four bytes; eight", (38_450_000, 16 * 512 * 50_000 * 8)),
    ("Bytes are asked for, not kil", (38_450_000, 1_638_400)),
    ("Bytes are asked for, not kib", (38_450_000, 1_638_400_000 / 1024)),
    ("Those are the bytes of the features", (38_450_000, 16 * 512 * 768 * 4)),
    ("Those are the bytes of the parameters", (38_450_000, 38_450_000 * 4)),
    ("That is three matrices", (38_450_000, 3 * 1_638_400_000)),
    ("Only the last layer", (2 * 38_400_000 + 50_000, 1_638_400_000)),
    ("Parameters and bytes", (38.45, 1638.4)),
    ("", (38_450_000, 1_638_400_000, 0)),
    ("", "38 million"),
    ("", (38_450_001, 1_638_400_000)),
]

RIGHT["10.2"] = [
    lambda q, s: -torch.expm1(s * torch.log1p(-q)),
    lambda q, s: [
        float(1 - (1 - mpmath.mpf(x, prec=200)) ** s) if x > 1e-20 else s * x for x in q.tolist()
    ],
    as_numpy(lambda q, s: -np.expm1(s * np.log1p(-q))),
    lambda q, s: [-math.expm1(s * math.log1p(-x)) if x < 1 else 1.0 for x in q.tolist()],
    lambda q, s: -(s * (-q).log1p()).expm1(),
    lambda q, s: 1 - (1 - q.double()) ** s,
]
WRONG["10.2"] = [
    ("1 - q rounds", lambda q, s: 1 - (1 - q) ** s),
    ("log1p keeps q", lambda q, s: 1 - torch.exp(s * torch.log1p(-q))),
    ("That is the expected", lambda q, s: s * q),
    ("That is the probability that it is", lambda q, s: (1 - q) ** s),
    ("That is the probability that all", lambda q, s: q**s),
    (
        "That is the probability with many",
        lambda q, s: 1 - torch.exp(-q * s) if (q > 1e-3).all() else -torch.expm1(-q * s),
    ),
    ("That is the expected count, cut", lambda q, s: (s * q).clamp(max=1)),
    ("That is the probability of being drawn exactly", lambda q, s: s * q * (1 - q) ** (s - 1)),
    ("That is the probability with many", lambda q, s: 1 - torch.exp(-s * q)),
    ("All draws count, and here one is missing;", lambda q, s: 1 - (1 - q) ** (s - 1)),
    ("All draws count, and here there is one more", lambda q, s: 1 - (1 - q.double()) ** (s + 1)),
    ("All draws count, and here one is missing.", lambda q, s: 1 - (1 - q.double()) ** (s - 1)),
    ("That is the probability of being", lambda q, s: s * q.double() * (1 - q.double()) ** (s - 1)),
    ("That is the probability that all", lambda q, s: q.double() ** s),
    ("That is the probability in one", lambda q, s: q),
    ("A probability is not negative", lambda q, s: torch.expm1(s * torch.log1p(-q))),
    ("That is the logarithm", lambda q, s: s * torch.log1p(-q)),
    ("num_samples classes are drawn", lambda q, s: 1 - (1 - q.double()) ** len(q)),
    ("", lambda q, s: 1 - (1 + q.double()) ** s),
    ("", lambda q, s: 1 - (1 - q) ** s + 1e-9),
    ("", lambda q, s: (1 - (1 - q) ** s).sum()),
    ("", lambda q, s: torch.rand(s, len(q)).lt(q).any(0).float()),
    ("That is the probability that not all", lambda q, s: 1 - q**s),
    ("float16 has", lambda q, s: (-torch.expm1(s * torch.log1p(-q.double()))).half()),
    ("bfloat16 has", lambda q, s: (1 - (1 - q.double()) ** s).bfloat16()),
    ("In float16 1e-9 is 0: leave", lambda q, s: -torch.expm1(s * torch.log1p(-q.half()))),
    ("In float16 1e-9 is 0, and", lambda q, s: 1 - (1 - q.half()) ** s),
    ("1 - q rounds", lambda q, s: (1 - (1 - q) ** s).half()),
    ("", lambda q, s: [-math.expm1(s * math.log1p(-x)) for x in q.tolist()]),
]


def hit_loss(z, y, s, c, q):
    keep = c != y
    terms = torch.cat([z.reshape(1), (s - q.log())[keep] - math.log(len(s))])
    return terms.logsumexp(0) - z


def hit_loop(z, y, s, c, q):
    top = max([float(z), *s.tolist()])
    total = math.exp(z - top)
    for score, k, p in zip(s.tolist(), c.tolist(), q.tolist(), strict=True):
        total += math.exp(score - top) / p / len(s) if k != y else 0
    return math.log(total) + top - float(z)


def hit_shifted(z, y, s, c, q):
    return torch.log1p(((s - z).exp() / q * (c != y)).mean())


def each_class_once(z, y, s, c, q):
    once = {int(k): i for i, k in enumerate(c) if k != y}.values()
    return torch.log1p(sum((s[i] - z).exp() / q[i] for i in once) / len(s))


RIGHT["10.3"] = [
    hit_loss,
    hit_loop,
    hit_shifted,
    lambda z, y, s, c, q: hit_loss(z.double(), y, s.double(), c, q.double()),
    lambda *a: np.float32(hit_loop(*a)),
    lambda z, y, s, c, q: F.cross_entropy(
        torch.cat([z[None], (s - (len(s) * q).log()).masked_fill(c == y, -math.inf)]), T(0)
    ),
    lambda *a: [hit_loop(*a)],
]
WRONG["10.3"] = [
    ("A draw of the label", lambda z, y, s, c, q: torch.log1p(((s - z).exp() / q).mean())),
    (
        "A hit is a draw",
        lambda z, y, s, c, q: torch.log1p(
            ((s - z).exp() / q)[c != y].sum() / max(int((c != y).sum()), 1)
        ),
    ),
    (
        "A dropped hit has",
        lambda z, y, s, c, q: F.cross_entropy(
            torch.cat([z[None], (s - (len(s) * q).log()).masked_fill(c == y, 0)]), T(0)
        ),
    ),
    (
        "exp overflows: bring all terms to one maximum first",
        lambda z, y, s, c, q: (z.exp() + (s.exp() / q)[c != y].sum() / len(s)).log() - z,
    ),
    (
        "The loss should be finite",
        lambda z, y, s, c, q: (z.exp() + (s.exp() / q * (c != y)).mean()).log() - z,
    ),
    ("The proposal is", lambda z, y, s, c, q: torch.log1p(((s - z).exp() * (c != y)).mean())),
    ("This is a sum over", lambda z, y, s, c, q: torch.log1p(((s - z).exp() / q * (c != y)).sum())),
    ("This is the logarithm of the den", lambda z, y, s, c, q: hit_loss(z, y, s, c, q) + z),
    ("A loss is never", lambda z, y, s, c, q: -hit_loss(z, y, s, c, q)),
    ("Each term is", lambda z, y, s, c, q: torch.log1p(((s - z).exp() * q * (c != y)).mean())),
    (
        "A dropped hit has the score -inf, not 0, before",
        lambda z, y, s, c, q: F.cross_entropy(
            torch.cat([z[None], s.masked_fill(c == y, 0) - (len(s) * q).log()]), T(0)
        ),
    ),
    ("The scores are plain", lambda z, y, s, c, q: torch.log1p((s - z)[c != y].exp().sum())),
    (
        "The sum is",
        lambda z, y, s, c, q: torch.log1p(((s - z).exp() / q * (c != y)).sum() * len(s)),
    ),
    (
        "ln(s q) is the logarithm of the product",
        lambda z, y, s, c, q: torch.cat([z[None], (s - len(s) * q.log())[c != y]]).logsumexp(0) - z,
    ),
    ("This is the probability", lambda *a: math.exp(-hit_loop(*a))),
    ("That is 1 / p of the label", lambda z, y, s, c, q: hit_shifted(z, y, s, c, q).exp()),
    ("", lambda z, y, s, c, q: hit_shifted(z, y, s, c, q) / math.log(2)),
    ("The hits are", lambda z, y, s, c, q: torch.log1p(((s - z).exp() / q * (c == y)).mean())),
    ("ln q is subtracted", lambda z, y, s, c, q: torch.log1p(((s - z).exp() * q * (c != y)).sum())),
    (
        "ln(s q) is subtracted",
        lambda z, y, s, c, q: torch.log1p(((s - z).exp() * q * (c != y)).sum() * len(s)),
    ),
    (
        "The label's own term",
        lambda z, y, s, c, q: (
            F.cross_entropy(
                torch.cat([z[None], s - q.log()])
                .sub(math.log(len(s)))
                .masked_fill(torch.cat([T([False]), c == y]), -math.inf),
                T(0),
            )
            - math.log(len(s))
        ),
    ),
    (
        "The label is no draw",
        lambda z, y, s, c, q: torch.log1p(((s - z).exp() / q * (c != y)).sum() / (len(s) + 1)),
    ),
    ("The mean is taken", lambda z, y, s, c, q: torch.log1p((s - z).exp() / q * (c != y)).mean()),
    (
        "This is the denominator; its logarithm, less",
        lambda z, y, s, c, q: z.exp() + ((s.exp() / q)[c != y]).sum() / len(s),
    ),
    ("The label belongs", lambda z, y, s, c, q: (s - (len(s) * q).log()).logsumexp(0) - z),
    ("A draw of the label", lambda z, y, s, c, q: hit_loss(z, y + 1, s, c, q)),
    ("The scores are plain, and", lambda z, y, s, c, q: torch.log1p((s - z).exp().sum())),
    ("This is a sum over the draws,", lambda z, y, s, c, q: torch.log1p(((s - z).exp() / q).sum())),
    (
        "s counts the draws",
        lambda z, y, s, c, q: torch.log1p(((s - z).exp() / q)[c != y].sum() / len(set(c.tolist()))),
    ),
    (
        "q sums to 1 over all",
        lambda z, y, s, c, q: torch.log1p(((s - z).exp() / (q / q.sum()) * (c != y)).mean()),
    ),
    ("", lambda z, y, s, c, q: ((s - z).exp() / q * (c != y)).mean()),
    ("", each_class_once),
]


def adaptive(head, tails):
    logs = head.log_softmax(0)
    n = len(head) - len(tails)
    return torch.cat([logs[:n]] + [logs[n + i] + t.log_softmax(0) for i, t in enumerate(tails)])


def adaptive_loop(head, tails):
    found = [float(x - head.logsumexp(0)) for x in head]
    n = len(head) - len(tails)
    words = found[:n]
    for i, tail in enumerate(tails):
        words += [found[n + i] + float(x - tail.logsumexp(0)) for x in tail]
    return words


def adaptive_with(cluster=True, normalise=True, keep=False):
    def words(head, tails):
        logs, n = head.log_softmax(0), len(head) - len(tails)
        parts = [
            (logs[n + i] if cluster else 0) + (t.log_softmax(0) if normalise else t)
            for i, t in enumerate(tails)
        ]
        return torch.cat([logs if keep else logs[:n], *parts])

    return words


def adaptive_raw(head, tails, choose):
    logs = head.log_softmax(0)
    pairs = zip(choose(logs), tails, strict=True)
    return torch.cat([logs[: -len(tails)], *[z + t.log_softmax(0) for z, t in pairs]])


def adaptive_sums(head, tails):
    pairs = zip(head[-len(tails) :], tails, strict=True)
    return torch.cat([head[: -len(tails)], *[z + t for z, t in pairs]])


RIGHT["10.4"] = [
    adaptive,
    adaptive_loop,
    lambda h, t: adaptive(h.double(), [x.double() for x in t]),
    lambda h, t: adaptive(h, t).numpy(),
    lambda h, t: tuple(adaptive_loop(h, t)),
    lambda h, t: adaptive(h - h.max(), [x - x.max() for x in t]),
]
WRONG["10.4"] = [
    (
        "The softmax of a tail",
        lambda h, t: torch.cat(
            [
                h.log_softmax(0)[: -len(t)],
                *(z + x.softmax(0) for z, x in zip(h.log_softmax(0)[-len(t) :], t, strict=True)),
            ]
        ),
    ),
    (
        "The softmax of the head",
        lambda h, t: torch.cat(
            [
                h.softmax(0)[: -len(t)],
                *(z + x.log_softmax(0) for z, x in zip(h.softmax(0)[-len(t) :], t, strict=True)),
            ]
        ),
    ),
    ("These are probabilities", lambda h, t: adaptive(h, t).exp()),
    (
        "The tails come in the order of the list; here the last one is first",
        lambda h, t: torch.cat(
            [
                h.log_softmax(0)[: -len(t)],
                *(h.log_softmax(0)[i - len(t)] + t[i].log_softmax(0) for i in range(len(t))[::-1]),
            ]
        ),
    ),
    ("The scores of a tail", lambda h, t: torch.cat([h[: len(h) - len(t)], *t]).log_softmax(0)),
    ("The tails were not", adaptive_with(normalise=False)),
    (
        "Log-probabilities are numbers",
        lambda h, t: adaptive_with()(
            (h.exp() / h.exp().sum()).log(), [(x.exp() / x.exp().sum()).log() for x in t]
        ),
    ),
    ("The probability of the tail", adaptive_with(cluster=False)),
    ("The tails are no words", adaptive_with(keep=True)),
    (
        "The tail's entry",
        lambda h, t: torch.cat(
            [
                h.log_softmax(0)[: -len(t)],
                *[x.log_softmax(0) + z for x, z in zip(t, h[-len(t) :], strict=True)],
            ]
        ),
    ),
    (
        "Probabilities are multiplied",
        lambda h, t: torch.cat(
            [
                h.log_softmax(0)[: -len(t)],
                *[
                    x.log_softmax(0) * z
                    for x, z in zip(t, h.log_softmax(0)[-len(t) :], strict=True)
                ],
            ]
        ),
    ),
    ("The tails belong", lambda h, t: adaptive(torch.cat([h[: -len(t)], h[-len(t) :].flip(0)]), t)),
    ("The tails are the last", lambda h, t: adaptive(torch.cat([h[len(t) :], h[: len(t)]]), t)),
    ("A log-probability is", lambda h, t: -adaptive(h, t)),
    (
        "Each tail has an entry of its own in the head; this uses the first",
        lambda h, t: adaptive_raw(h, t, lambda logs: logs[-len(t)].repeat(len(t))),
    ),
    (
        "Each tail has an entry of its own in the head; this uses the last",
        lambda h, t: adaptive_raw(h, t, lambda logs: logs[-1].repeat(len(t))),
    ),
    (
        "The words of a tail",
        lambda h, t: torch.cat(
            [
                h.log_softmax(0)[: -len(t)],
                torch.cat(t).log_softmax(0) + h.log_softmax(0)[-len(t) :].logsumexp(0),
            ]
        ),
    ),
    (
        "The scores of the frequent",
        lambda h, t: torch.cat([h[: -len(t)], adaptive(h, t)[len(h) - len(t) :]]),
    ),
    ("These are sums", lambda h, t: adaptive_sums(h, t)),
    ("Each softmax comes before", lambda h, t: adaptive_sums(h, t).log_softmax(0)),
    ("", lambda h, t: adaptive(h, t).sum()),
    ("", lambda h, t: adaptive(h, t)[: len(h) - len(t)]),
    (
        "",
        lambda h, t: torch.cat(
            [*[x.log_softmax(0) for x in t], h.log_softmax(0)[: len(h) - len(t)]]
        ),
    ),
    (
        "The frequent words come first",
        lambda h, t: torch.cat(
            [adaptive(h, t)[len(h) - len(t) :], adaptive(h, t)[: len(h) - len(t)]]
        ),
    ),
    (
        "",
        lambda h, t: (
            adaptive(h, t[::-1])
            if len(t) > 1
            else torch.cat([adaptive(h, t)[1:], adaptive(h, t)[:1]])
        ),
    ),
    ("The natural logarithm", lambda h, t: adaptive(h, t) / math.log(2)),
    ("", lambda h, t: torch.cat([h, *t]).log_softmax(0)),
    (
        "",
        lambda h, t: (adaptive(h, t).exp() + 1e-12).log() if len(t) > 1 else adaptive(h, t) * 1.001,
    ),
    ("Tiny probabilities", lambda h, t: (adaptive(h, t).exp() + 1e-12).log()),
    ("Tiny probabilities", lambda h, t: adaptive(h, t).exp().clamp(min=1e-30).log()),
    ("exp underflowed", lambda h, t: adaptive(h, t).exp().log()),
]


def merge(a, b):
    m = max(a[0], b[0])
    x, y = a[1] * math.exp(a[0] - m), b[1] * math.exp(b[0] - m)
    return m, x + y, (x * a[2] + y * b[2]) / (x + y)


def merge_logs(a, b, log=lambda t: math.log(t) if t else -math.inf):
    la, lb = (p[0] + log(p[1]) for p in (a, b))
    m, total = max(a[0], b[0]), np.logaddexp(la, lb)
    return m, math.exp(total - m), math.exp(la - total) * a[2] + math.exp(lb - total) * b[2]


def merge_scaled(a, b, left=True, right=True, sign=1):
    m = max(a[0], b[0])
    x = a[1] * math.exp(sign * (a[0] - m)) if left else a[1]
    y = b[1] * math.exp(sign * (b[0] - m)) if right else b[1]
    return m, x + y, (x * a[2] + y * b[2]) / (x + y)


def to_the_left(a, b):
    y = b[1] * math.exp(b[0] - a[0])
    return max(a[0], b[0]), a[1] + y, (a[1] * a[2] + y * b[2]) / (a[1] + y)


def plainly_summed(a, b):
    x, y = a[1] * math.exp(a[0]), b[1] * math.exp(b[0])
    return max(a[0], b[0]), x + y, (x * a[2] + y * b[2]) / (x + y)


def logged(triple, of_scores=0):
    return triple[0], of_scores * triple[0] + math.log(triple[1]), triple[2]


def from_zero_up(a, b):
    top = max(0.0, a[0], b[0])
    x, y = a[1] * math.exp(a[0] - top), b[1] * math.exp(b[0] - top)
    new = max(a[0], b[0])
    return new, (x + y) * math.exp(top - new), (x * a[2] + y * b[2]) / (x + y)


RIGHT["10.5"] = [
    merge,
    lambda a, b: list(merge(a, b)),
    lambda a, b: T(merge(a, b), dtype=torch.float64),
    lambda a, b: np.array(merge(b, a)),
    lambda a, b: tuple(T(x, dtype=torch.float64) for x in merge(a, b)),
    lambda a, b: merge(tuple(map(np.float64, a)), b),
]
WRONG["10.5"] = [
    (
        "A set weighs its whole sum, t times exp(m - M): above",
        lambda a, b: (
            *merge(a, b)[:2],
            sum(x[2] * math.exp(x[0] - max(a[0], b[0])) for x in (a, b)) / merge(a, b)[1],
        ),
    ),
    ("The two means have", lambda a, b: (*merge(a, b)[:2], (a[2] + b[2]) / 2)),
    (
        "The larger maximum is that of the union, not always the l",
        lambda a, b: (a[0], *merge(a, b)[1:]),
    ),
    (
        "The larger maximum is that of the union, not always the r",
        lambda a, b: (b[0], *merge(a, b)[1:]),
    ),
    (
        "The sums were added without rescaling; the mean is right",
        lambda a, b: (merge(a, b)[0], a[1] + b[1], merge(a, b)[2]),
    ),
    (
        "The mean divides by the new sum; here",
        lambda a, b: (
            *merge(a, b)[:2],
            sum(x[1] * math.exp(x[0] - max(a[0], b[0])) * x[2] for x in (a, b)) / (a[1] + b[1]),
        ),
    ),
    (
        "The mean divides by the new sum; rescale the weights above",
        lambda a, b: (*merge(a, b)[:2], (a[1] * a[2] + b[1] * b[2]) / merge(a, b)[1]),
    ),
    (
        "The sums belong to different maxima; rescale them first",
        lambda a, b: (*merge(a, b)[:2], (a[1] * a[2] + b[1] * b[2]) / (a[1] + b[1])),
    ),
    (
        "The sums were added",
        lambda a, b: (max(a[0], b[0]), a[1] + b[1], (a[1] * a[2] + b[1] * b[2]) / (a[1] + b[1])),
    ),
    ("This is the sum of values", lambda a, b: (*merge(a, b)[:2], math.prod(merge(a, b)[1:]))),
    (
        "A set weighs",
        lambda a, b: (
            *merge(a, b)[:2],
            (a[2] + b[2] * math.exp(b[0] - a[0])) / (1 + math.exp(b[0] - a[0]))
            if b[0] < a[0]
            else (b[2] + a[2] * math.exp(a[0] - b[0])) / (1 + math.exp(a[0] - b[0])),
        ),
    ),
    ("The order is", lambda a, b: tuple(merge(a, b)[i] for i in (1, 0, 2))),
    (
        "The first number is the maximum, not",
        lambda a, b: (
            (np.logaddexp(a[0] + np.log(a[1]), b[0] + np.log(b[1])), *merge(a, b)[1:])
            if a[1]
            else (b[0] + math.log(b[1]), *b[1:])
        ),
    ),
    (
        "exp of the maxima overflows or underflows: subtract the larger",
        lambda a, b: (
            max(a[0], b[0]),
            (a[1] * math.exp(a[0]) + b[1] * math.exp(b[0])) / math.exp(max(a[0], b[0])),
            (a[1] * math.exp(a[0]) * a[2] + b[1] * math.exp(b[0]) * b[2])
            / (a[1] * math.exp(a[0]) + b[1] * math.exp(b[0])),
        ),
    ),
    ("", lambda a, b: merge(a, b)[:2]),
    (
        "A set weighs its whole sum, t times exp(m): t is missing, and",
        lambda a, b: (
            *merge(a, b)[:2],
            (a[2] * math.exp(a[0]) + b[2] * math.exp(b[0])) / (math.exp(a[0]) + math.exp(b[0])),
        ),
    ),
    ("The sum is relative", plainly_summed),
    ("The right sum is left", lambda a, b: merge_scaled(a, b, right=False)),
    ("The left sum is left", lambda a, b: merge_scaled(a, b, left=False)),
    ("The left maximum isn't always the larger one: ", lambda a, b: to_the_left(a, b)),
    ("The left maximum isn't always the larger one,", lambda a, b: (a[0], *to_the_left(a, b)[1:])),
    ("isn't always the larger", lambda a, b: to_the_left(b, a)),
    ("The exponent is m_A less", lambda a, b: merge_scaled(a, b, sign=-1)),
    ("The second number is the sum, not", lambda a, b: logged(merge(a, b))),
    ("The second number is the sum rel", lambda a, b: logged(merge(a, b), 1)),
    ("The set with the smaller", lambda a, b: (*merge(a, b)[:2], max(a, b)[2])),
    (
        "",
        lambda a, b: (
            (max(a[0], b[0]), a[1] * math.exp(a[0]) + b[1] * math.exp(b[0]), 0.0)
            if max(a[0], b[0]) < 700
            else merge(a, b)
        ),
    ),
    ("The larger maximum is that of the union; max", lambda a, b: (a[0] + b[0], *merge(a, b)[1:])),
    ("The larger maximum is that of the union, not", lambda a, b: (min(a, b)[0], *merge(a, b)[1:])),
    ("", lambda a, b: (*merge(a, b)[:2], merge(a, b)[2] * 1.01)),
    ("The means are exchanged", lambda a, b: merge((a[0], a[1], b[2]), (b[0], b[1], a[2]))),
    ("", lambda a, b: merge(a, b)[2]),
    ("", lambda a, b: merge(a, b)[::-1]),
    ("The means were added", lambda a, b: (*merge(a, b)[:2], a[2] + b[2])),
    ("t is missing everywhere", lambda a, b: merge((a[0], 1.0, a[2]), (b[0], 1.0, b[2]))),
    ("", from_zero_up),
    ("", partial(merge_logs, log=math.log)),
]

RIGHT["10.6"] = [4, 4.0005, T(4), np.float32(4.0005), [4], Fraction(4), 3.99]
WRONG["10.6"] = [
    ("With one block of all classes there are three; take blocks smaller", 3),
    ("Is that of the bytes", 16.002),
    ("That is the difference in", 6.2915),
    ("That is the peak with blocks of 64, which holds", 25.166),
    ("That is the peak with blocks of 64, which holds", 24.88),
    ("Peaks rounded to 0.1 MB are too coarse", 3.81),
    ("The peak with blocks", 5.3),
    ("The peak with blocks", 4.33),
    ("The peak with blocks", 9.22),
    ("", 2),
    ("", 5),
    ("", 6_292_296),
    ("", [4, 4]),
]

# ---------------------------------------------------------------- Chapter 11
RIGHT["11.1"] = [
    (122_920, 196_672),
    [122_920, 196_672.0],
    T([122_920, 196_672]),
    np.array([122_920, 196_672]),
    (122_920, Fraction(8, 5) * 122_920),
    [T(122_920), np.int64(196_672)],
    (Decimal(122_920), 196_672),
]
WRONG["11.1"] = [
    ("The biases are", (122_880, 196_608)),
    ("A colour image has three", (41_000, 65_600)),
    ("A float32 number takes four bytes.", (30_730, 49_168)),
    ("A float32 number takes four bytes, not", (245_840, 393_344)),
    ("That is the ring for two", (122_920, 122_920)),
    ("The ring sends the biases", (122_920, 196_608)),
    ("That is the ring for four", (122_920, 184_380)),
    ("In each half of a ring a process sends all", (122_920, 245_840)),
    ("In a ring each piece", (122_920, 98_336)),
    ("In a ring the vector", (122_920, 491_680)),
    ("Each process has the gradient", (24_584, 39_334.4)),
    ("The bytes that are handed over come first", (196_672, 122_920)),
    ("", 122_920),
    ("These are kilobytes", (122.92, 196.672)),
    ("A colour image has 3072", (31_400, 50_240)),
    ("Four times too little: the ring sends bytes", (122_920, 49_168)),
    ("A ring sends such", (122_920, 24_584)),
    ("", (122_920, 204_866)),
    ("", (122_920, 614_600)),
    ("These are bits", (983_360, 1_573_376)),
    ("That is what all five", (614_600, 983_360)),
    ("That is what all five send", (122_920, 983_360)),
]


def by_quotas(n, speeds):
    exact = [n * v / sum(speeds) for v in speeds]
    counts = [math.floor(x) for x in exact]
    rest = sorted(range(len(speeds)), key=lambda i: counts[i] - exact[i])
    for i in rest[: n - sum(counts)]:
        counts[i] += 1
    return counts


def by_stops(n, speeds):
    ends = np.floor(n * np.cumsum(speeds) / np.sum(speeds) + 0.5).astype(int)
    return np.diff(ends, prepend=0)


def by_stops_to_even(n, speeds):
    return np.diff(np.rint(n * np.cumsum(speeds) / np.sum(speeds)).astype(int), prepend=0)


def one_more(n, speeds, order):
    """Round down, then one more for each in a fixed order while examples are left."""
    counts = [int(n * speed / sum(speeds)) for speed in speeds]
    for i in list(order)[: n - sum(counts)]:
        counts[i] += 1
    return counts


def one_after_the_other(n, speeds):
    counts, rest = [], sum(speeds)
    for speed in speeds:
        counts.append(round((n - sum(counts)) * speed / rest))
        rest -= speed
    return counts


def one_at_a_time(n, speeds):
    counts = [0] * len(speeds)
    for _ in range(n):
        counts[max(range(len(speeds)), key=lambda i: speeds[i] / (counts[i] + 1))] += 1
    return counts


RIGHT["11.2"] = [
    by_quotas,
    by_stops,
    lambda n, v: np.array(by_quotas(n, v)),
    lambda n, v: tuple(by_quotas(n, v)),
    lambda n, v: T(by_quotas(n, v)),
    lambda n, v: by_stops(n, v).tolist(),
    lambda n, v: list(by_stops(n, v)),
    lambda n, v: by_quotas(n, v[::-1])[::-1],
    lambda n, v: torch.from_numpy(by_stops(n, v)).int(),
]
WRONG["11.2"] = [
    ("round takes halves", by_stops_to_even),
    ("Rounded one by one", lambda n, v: [round(n * x / sum(v)) for x in v]),
    (
        "Rounded down",
        lambda n, v: [int(n * x / sum(v)) for x in v],
    ),
    ("Shares of an example", lambda n, v: [n * x / sum(v) for x in v]),
    ("shared out, too;", lambda n, v: (c := [int(n * x / sum(v)) for x in v[:-1]]) + [n - sum(c)]),
    ("A share that lost nothing is one off with one", lambda n, v: one_more(n, v, range(len(v)))),
    ("", lambda n, v: one_more(n, v, range(len(v))[::-1])),
    ("A share that lost", lambda n, v: one_more(n, v, sorted(range(len(v)), key=lambda i: v[i]))),
    ("", lambda n, v: one_more(n, v, sorted(range(len(v)), key=lambda i: -v[i]))),
    ("", lambda n, v: [float(x) for x in by_quotas(n, v)]),
    ("", lambda n, v: [math.ceil(n * x / sum(v)) for x in v]),
    ("", lambda n, v: [n // len(v)] * len(v)),
    ("", lambda n, v: by_quotas(n, v)[::-1]),
    ("", lambda n, v: sum(by_quotas(n, v))),
    ("", lambda n, v: [n - sum((c := [int(n * x / sum(v)) for x in v])[1:]), *c[1:]]),
    ("", lambda n, v: [0] * (len(v) - 1) + [n]),
    ("", lambda n, v: [(0, x) for x in by_quotas(n, v)]),
    ("", lambda n, v: [x + 1 for x in by_quotas(n, v)]),
    ("", lambda n, v: by_stops(n, [x**2 for x in v])),
    ("Each count should be less", one_after_the_other),
    ("Each count should be less", one_at_a_time),
    (
        "In floats the last end",
        lambda n, v: np.diff(np.floor(n * np.cumsum(v) / np.sum(v)), prepend=0).astype(int),
    ),
]


def combine(g, n):
    keep = n > 0
    return (n[keep, None] * g[keep]).sum(0) / n.sum()


RIGHT["11.3"] = [
    combine,
    lambda g, n: n[n > 0].float() @ g[n > 0] / n.sum(),
    lambda g, n: torch.where((n > 0)[:, None], g * n[:, None], 0.0).sum(0) / n.sum(),
    lambda g, n: combine(g.double(), n),
    lambda g, n: np.average(g[n > 0].numpy(), axis=0, weights=n[n > 0].numpy()),
    lambda g, n: combine(g, n).tolist(),
]
WRONG["11.3"] = [
    ("0 times nan is nan: a share without", lambda g, n: (n[:, None] * g).sum(0) / n.sum()),
    ("This counts a small", lambda g, n: g[n > 0].mean(0)),
    ("This is a sum of means", lambda g, n: g[n > 0].sum(0)),
    ("This is a mean over the processes; the", lambda g, n: g.where(n[:, None] > 0, 0).mean(0)),
    ("This is a mean over the processes, and", lambda g, n: g.nansum(0) / len(n)),
    ("This is the gradient of the sum, and", lambda g, n: (n[:, None] * g).nansum(0)),
    ("This is the gradient of the sum over", lambda g, n: (n[n > 0, None] * g[n > 0]).sum(0)),
    ("This also hides", lambda g, n: (n[:, None] * g.nan_to_num(0)).sum(0) / n.sum()),
    ("This is divided by", lambda g, n: (n[n > 0, None] * g[n > 0]).sum(0) / len(n)),
    (
        "This is divided by the number of processes that",
        lambda g, n: (n[n > 0, None] * g[n > 0]).sum(0) / (n > 0).sum(),
    ),
    ("A nan in the result", lambda g, n: combine(g, n).nan_to_num()),
    ("This is a mean of means", lambda g, n: g.nanmean(0)),
    ("These are means; multiply each by its count before", lambda g, n: g[n > 0].sum(0) / n.sum()),
    ("These are means; multiply each by its count, and", lambda g, n: g.sum(0) / n.sum()),
    ("Divide by the number of examples", lambda g, n: (n[:, None] * g).sum(0) / len(n)),
    ("Divide the sum", lambda g, n: (n[:, None] * g).sum(0)),
    ("", lambda g, n: g[n.argmax()]),
    ("This is a mean over the processes, whatever", lambda g, n: g.mean(0)),
    ("", lambda g, n: combine(g, n).mean()),
    ("One nan does", lambda g, n: combine(g[~g.isnan().any(1)], n[~g.isnan().any(1)])),
    ("A nan does", lambda g, n: combine(g[~g.isnan().all(1)], n[~g.isnan().all(1)])),
    ("", lambda g, n: (g[n > 0] / n[n > 0, None]).sum(0)),
    (
        "It changes its input",
        lambda g, n: (
            g.nan_to_num_(0).mul(n[:, None]).sum(0) / n.sum()
            if not g[n > 0].isnan().any()
            else combine(g, n)
        ),
    ),
    ("", lambda g, n: (n[:, None] * g[n > 0]).sum(0) / n.sum()),
]

RIGHT["11.4"] = [
    49613,
    49613.0,
    T(49613),
    np.int64(49613),
    Fraction(49613),
    [49613],
    Decimal(49613),
    np.array([49613]),
]
WRONG["11.4"] = [
    ("The biases have", 49_420),
    ("What lies below", 4_283_333),
    ("The label's score stands", 49_806),
    ("A row has a maximum", 50_195),
    ("With that many rows", 49614),
    ("These are numbers of parameters, not of rows", 12_850_000),
    ("The scores are", 257),
    ("A row has three", 50_000),
    ("One row more is still cheaper", 49612),
    ("What a row costs", 12_403),
    ("The parameters are in bytes here, what a row", 198_455),
    ("Rows are whole", 12_850_000 / 259),
    ("A row hands over", 24_951),
    ("", 49613.5),
    ("", 259),
    ("", 1),
    ("", 64),
    ("", (49613, 49614)),
]

RIGHT["11.5"] = [
    lambda f, s, e, p: (f + s) / (f + s / p + e) if p > 1 else 1,
    lambda f, s, e, p: (f + s) / (f + s / p + e * (p > 1)),
    lambda f, s, e, p: T((f + s) / (f + s / p + (e if p != 1 else 0))),
    lambda f, s, e, p: np.float64(f + s) / (f + s / p + (0 if p == 1 else e)),
    lambda f, s, e, p: [(f + s) / (f + s / p + (p > 1) * e)],
    lambda f, s, e, p: Fraction((f + s) / (f + s / p + (p > 1) * e)),
]
WRONG["11.5"] = [
    ("One process has", lambda f, s, e, p: (f + s) / (f + s / p + e)),
    ("This forgets", lambda f, s, e, p: (f + s) / (f + s / p)),
    ("The fixed part is not", lambda f, s, e, p: (f + s) / ((f + s) / p + e * (p > 1))),
    ("The fixed part is missing", lambda f, s, e, p: s / (s / p + e * (p > 1))),
    ("This is the new time", lambda f, s, e, p: f + s / p + e * (p > 1)),
    ("This is how much", lambda f, s, e, p: (f + s / p + e * (p > 1)) / (f + s)),
    ("The exchange is not", lambda f, s, e, p: (f + s) / (f + (s + e * (p > 1)) / p)),
    ("The exchange is not shared out, and", lambda f, s, e, p: (f + s) / (f + (s + e) / p)),
    ("The old time is divided", lambda f, s, e, p: f + s / p + e),
    ("This is how much slower, and", lambda f, s, e, p: (f + s / p + e) / (f + s)),
    ("Without brackets", lambda f, s, e, p: f + s / (f + s / p + e) if p > 1 else 1.0),
    (
        "Without brackets only the shared part is divided; and",
        lambda f, s, e, p: f + s / (f + s / p + e),
    ),
    ("", lambda f, s, e, p: p),
    ("The exchange takes its", lambda f, s, e, p: (f + s) / (f + s / p + e * p * (p > 1))),
    ("", lambda f, s, e, p: s / (f + s / p + e * (p > 1))),
    ("This is the time that", lambda f, s, e, p: (f + s) - (f + s / p + e * (p > 1))),
    ("One too little", lambda f, s, e, p: (s - s / p - e * (p > 1)) / (f + s / p + e * (p > 1))),
    ("This is the limit for ever more", lambda f, s, e, p: (f + s) / (f + e)),
    ("", lambda f, s, e, p: 100 * (f + s) / (f + s / p + e * (p > 1))),
    ("The new time has", lambda f, s, e, p: (f + s) / (s / p + e) if p > 1 else 1.0),
    ("The fixed part is not shared out, and", lambda f, s, e, p: (f + s) / ((f + s) / p + e)),
    ("The old time has no exchange", lambda f, s, e, p: (f + s + e) / (f + s / p + e)),
    ("The old time is that of", lambda f, s, e, p: (f + s + e) / (f + s / p + (e if p > 1 else 0))),
    ("This is divided by", lambda f, s, e, p: (f + s) / (f + s / p + e * (p > 1)) / p),
    ("Several processes can be", lambda f, s, e, p: max(1, (f + s) / (f + s / p + e * (p > 1)))),
    ("The fixed part is missing, and", lambda f, s, e, p: s / (s / p + e)),
    ("The shared part", lambda f, s, e, p: (f + s) / (f / p + s + e) if p > 1 else 1.0),
    (
        "The time of an exchange is given; the factor",
        lambda f, s, e, p: (f + s) / (f + s / p + 2 * e * (p - 1) / p),
    ),
    ("The time of the exchange", lambda f, s, e, p: (f + s) / (f + s / p + e * (p - 1))),
    ("The time of an exchange", lambda f, s, e, p: (f + s) / (f + s / p + e * math.log2(p))),
]

RIGHT["11.6"] = [
    [3.0] * 2,
    (3.0, 3.0),
    torch.full((2,), 3.0),
    np.full(2, 3.0),
    [T(3.0)] * 2,
    [np.float32(3.0)] * 2,
    [Fraction(3)] * 2,
    torch.full((2,), 3.0, dtype=torch.float64),
]
WRONG["11.6"] = [
    ("This is the mean of the two means", [4.0] * 2),
    ("These are the means of each", [6.0, 2.0]),
    ("This is the sum; divide", [12.0] * 2),
    ("This is the sum of the means", [8.0] * 2),
    ("The sum is that of all", [12.0, 4.0]),
    ("The count is that of all", [1.5] * 2),
    ("This is one process's own sum, or", [6.0] * 2),
    ("This adds up means", [2.0] * 2),
    ("Only one process has", [3.0, 2.0]),
    ("", 3.0),
    ("", [3.0]),
    ("", [None] * 2),
    ("", [(12.0, 4.0)] * 2),
    ("", [3.5] * 2),
    ("", [3.0, 0.0]),
]
