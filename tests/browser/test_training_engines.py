"""Training in the page in Firefox and WebKitGTK, from a server and from the disk."""

import pytest
from browser_tools import write_page
from engines import each_engine, started
from figure_samples import training_lab
from packed_images import drawn_arrays, write_images
from serving import served
from trainer import train_in_javascript

pytestmark = pytest.mark.browser

PARTS, EPOCHS = 2, 3
#: Trains with the settings of the page and returns what the figure says in the end.
TRAIN = """(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  for (let i = 0; i < 200 && !document.querySelector(".cu-fig"); i++) await pause(50);
  const root = document.querySelector(".cu-fig").shadowRoot;
  root.querySelector(".skip").click();
  const train = [...root.querySelectorAll("button")].find((b) => b.textContent === "Train");
  train.click();
  for (let i = 0; i < 600 && train.disabled; i++) await pause(50);
  await pause(100);
  const values = [...root.querySelectorAll("[data-q]")].map((e) => [e.dataset.q, e.dataset.value]);
  return {said: root.querySelector(".say").textContent, ...Object.fromEntries(values)};
})()"""


@each_engine
def test_the_same_run_in_another_engine(name, tmp_path):
    told = write_images(tmp_path / "images", PARTS)
    lab = training_lab(epochs=EPOCHS, images=2_500 * PARTS, lr=0.1)
    path = write_page(tmp_path, lab, extra=told)
    arrays = drawn_arrays(PARTS)
    settings = {"lr": 0.1, "batchSize": 256, "seed": 0, "momentum": 0, "weightDecay": 0}
    (expected,) = train_in_javascript(
        (arrays["train_images"], arrays["train_labels"]),
        (arrays["test_images"], arrays["test_labels"]),
        [{"settings": settings, "epochs": EPOCHS}],
    )
    engine = started(name)
    found = {}
    try:
        with served(tmp_path) as server:
            for way, address in {
                "file": path.as_uri(),
                "http": f"{server}/page.html",
            }.items():
                engine.open(address)
                found[way] = engine.evaluate(TRAIN)
    finally:
        engine.close()
    for way, run in found.items():
        assert f"after epoch {EPOCHS}" in run["said"], way
        values = [float(run[k]) for k in ("train_loss", "train_accuracy", "test_loss")]
        _, _, test_loss, _, *train = expected["history"][-1]
        assert values == pytest.approx([*train, test_loss], rel=1e-6), way
