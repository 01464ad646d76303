"""Sampled classes, draw by draw: where sums with and without the correction ln q go."""

import numpy as np

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Number, Numbers

MOST = 2000


class SampledClasses(InteractiveFigure):
    """Shares of five words in two running sums over draws: exp(z), and exp(z - ln q).

    Parameters
    ----------
    logits : list of 5 floats in [-4, 6]
        The scores z of the words, the most frequent word first.
    skew : float in [0, 2]
        The proposal q falls with the rank to this power; 0 is an even one.
    draws : int in [1, 2000]
        How many words are drawn from q.
    seed : int in [1, 50]
        Of the draws.
    """

    _name = "sampled_classes"
    _title = "Sampled classes, draw by draw"
    logits = Numbers([1.0, 0.0, 1.0, 3.0, 2.0], -4, 6, least=5, most=5)
    skew = Number(1.5, 0, 2)
    draws = Integer(200, 1, MOST)
    seed = Integer(1, 1, 50)

    def describe(self) -> str:
        """Return in words where the shares of both sums go."""
        z = np.array(self.logits)
        q = np.arange(1, len(z) + 1.0) ** -self.skew
        right, plain = (w / w.sum() for w in (np.exp(z), q * np.exp(z)))
        shares = [", ".join(f"{share:.3f}" for share in shares) for shares in (plain, right)]
        return (
            f"Five words with the scores {', '.join(f'{v:g}' for v in z)} are drawn from a "
            f"proposal q that falls with the rank to the power {self.skew:g}. If every draw adds "
            f"exp(z), the words' shares in the sum go to {shares[0]}: softmax of z + ln q. With "
            f"exp(z - ln q) they go to {shares[1]}: softmax of z."
        )
