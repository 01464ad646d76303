"""Interactive figures: live widgets in Jupyter that still respond in the static book.

===================  ========================================================================
module               what it holds
===================  ========================================================================
``base``             the class of all figures: what they store and say without JavaScript
``traits``           the values they accept; the limits, written once, for both languages
``scripts``          joins the modules of ``static/`` to what anywidget and a page load
``lab_data``         runs as small data for the training lab
the others           one figure each, with ``static/<module>.js`` and, if need be, its ``.css``
``static/kit``       what all front ends share, as ``static/kit.js`` lists it; what two do
``static/training``  training in the page: trainer, worker, images, and the lab's parts
===================  ========================================================================

A figure in sixteen lines. ``square.py`` holds limits and defaults, and the same in words::

    class Square(InteractiveFigure):
        _name, _title = "square", "Squares"
        x = Number(2, -10, 10)

        def describe(self) -> str:
            return f"The square of {self.x:g} is {self.x**2:g}."

``static/square.js`` holds the words by language, builds the parts once, and returns the function
that draws a state and says what has changed, in at most twenty words::

    import { figure, slider, svg } from "./kit.js";

    const WORDS = { en: { x: "x", says: (x) => `The square of ${x} is ${x * x}.` } };

    export default figure(WORDS, (view, words) => {
      const plot = view.plot({ label: words.x, x: [-10, 10], y: [0, 100] });
      view.add(plot.node, view.bar(slider(view, "x", { label: words.x })));
      return () => {
        const x = view.get("x");
        plot.draw(svg("circle.dot", { cx: plot.x(x), cy: plot.y(x * x), r: 6 }));
        return words.says(x);
      };
    });

Further parts of the kit: ``guessFirst`` asks before the controls open, ``tries`` and ``goal`` give
states to try and something to reach, ``labelNodes`` places labels that don't collide,
``plot.handles`` and ``plot.drag`` let one drag, ``formula`` sets MathML with live numbers,
``animate`` moves for those who want it. A text links to a state: ``<a href="#square:x=3">``.
``tests/helpers/figure_samples.py`` takes a sample of every figure; the tests in ``tests/browser``
then drive it, at five widths.
"""
