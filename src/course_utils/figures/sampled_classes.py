"""Sampled classes, draw by draw: where sums with and without the correction ln q go."""

import numpy as np
import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Numbers

MOST = 2000


class SampledClasses(InteractiveFigure):
    """Shares of five words in a running sum over draws; what a draw adds is set by hand.

    Parameters
    ----------
    logits : list of 5 floats in [-4, 6]
        The scores z of the words, the most frequent word first.
    q : list of 5 floats in [0.01, 1]
        How often each word is drawn, in proportion to the others.
    draws : int in [1, 2000]
        How many words are drawn from q.
    seed : int in [1, 50]
        Of the draws.
    correction : list of 5 floats in [-15, 15]
        By how much a word's score is lowered: a draw adds exp(z - correction).
    hand : {"blocks", "q"}
        What is set by hand: what a draw adds, or q; then a draw adds exp(z) / q.
    """

    version = t.Int(3, read_only=True).tag(sync=True)  # 2 had three kinds of terms
    _name = "sampled_classes"
    _title = "Sampled classes, draw by draw"
    logits = Numbers([2.5, 0.0, -0.5, -1.0, 2.5], -4, 6, least=5, most=5)
    q = Numbers([0.57, 0.2, 0.11, 0.07, 0.05], 0.01, 1, least=5, most=5)
    draws = Integer(6, 1, MOST)
    seed = Integer(1, 1, 50)
    correction = Numbers([0.0] * 5, -15, 15, least=5, most=5)
    hand = t.Enum(["blocks", "q"], "blocks").tag(sync=True)

    def describe(self) -> str:
        """Return in words where the shares of both sums go."""
        z = np.array(self.logits)
        q = np.array(self.q) / sum(self.q)
        right, plain = (w / w.sum() for w in (np.exp(z), q * np.exp(z)))
        shares = [", ".join(f"{share:.3f}" for share in shares) for shares in (plain, right)]
        return (
            f"Five words with the scores {', '.join(f'{v:g}' for v in z)} are drawn with "
            f"the frequencies q = {', '.join(f'{v:.3g}' for v in q)}. If every draw adds "
            f"exp(z), the words' shares in the sum go to {shares[0]}: softmax of z + ln q. With "
            f"exp(z - ln q) they go to {shares[1]}: softmax of z."
        )
