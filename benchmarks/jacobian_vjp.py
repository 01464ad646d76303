"""Time and memory of the softmax Jacobian against its vector-Jacobian product (chapter 2).

The matrix takes three times 4 K^2 bytes while it is built: 1.2 GB at K = 10 000. It is timed in
memory that exists already, as in the chapter; to get hundreds of megabytes anew for each product
takes many times as long as the product.
"""

from functools import partial

import torch
from torch import Tensor

from benchmarks import Ratio
from course_utils.profiling import best_seconds, fit_power, tensor_bytes
from course_utils.softmax import softmax, softmax_jacobian, softmax_vjp

SIZES = (10, 30, 100, 300, 1000, 3000, 5500, 10_000, 30_000, 100_000, 300_000, 1_000_000)
LARGEST_MATRIX = 10_000
SECONDS = 0.1  # processor time for each entry of the table


def by_matrix(logits: Tensor, v: Tensor) -> Tensor:
    """Build the matrix, then multiply."""
    return v @ softmax_jacobian(logits)


def by_matrix_in(out: Tensor, logits: Tensor, v: Tensor) -> Tensor:
    """The same, with the matrix written into ``out``, of shape (k, k)."""
    probs = softmax(logits)
    torch.outer(probs, -probs, out=out)
    out.diagonal().add_(probs)
    return v @ out


def by_vjp(logits: Tensor, v: Tensor) -> Tensor:
    """Multiply without the matrix."""
    return softmax_vjp(softmax(logits), v)


def cost(product, k: int) -> tuple[float, int]:
    """Processor seconds and bytes of one product for k classes in float32."""
    logits, v = torch.randn(2, k, generator=torch.Generator().manual_seed(k))
    size = tensor_bytes(lambda: product(logits, v))
    timed = partial(by_matrix_in, torch.empty(k, k)) if product is by_matrix else product
    # The first call touches the new memory; it is not the fastest.
    return best_seconds(lambda: timed(logits, v), repeats=3, budget=SECONDS), size


def main() -> list[Ratio]:
    """Print one row for each number of classes, then the powers of K that fit the large ones."""
    print(
        f"{'K':>9} {'vjp s':>9} {'vjp MB':>9} {'matrix s':>9} {'matrix MB':>10} {'time ratio':>10}"
    )
    seconds: dict[str, dict[int, float]] = {"vjp": {}, "matrix": {}}
    for k in SIZES:
        seconds["vjp"][k], size = cost(by_vjp, k)
        row = f"{k:9d} {seconds['vjp'][k]:9.2e} {size / 1e6:9.3f}"
        if k <= LARGEST_MATRIX:
            seconds["matrix"][k], size = cost(by_matrix, k)
            ratio = seconds["matrix"][k] / seconds["vjp"][k]
            row += f" {seconds['matrix'][k]:9.2e} {size / 1e6:10.3f} {ratio:10.0f}"
        print(row, flush=True)
    for name, least in (("matrix", 3000), ("vjp", 100_000)):
        sizes, times = list(seconds[name]), list(seconds[name].values())
        power, _ = fit_power(sizes, times, between=(least, max(sizes)))
        print(f"{name}: seconds grow like K^{power:.2f} from K = {least}")
    return [
        Ratio(f"Jacobian times vector, K = {k:,}", "the product without the matrix",
              seconds["matrix"][k] / seconds["vjp"][k])
        for k in (10, 1000, LARGEST_MATRIX)
    ]  # fmt: skip


if __name__ == "__main__":
    main()
