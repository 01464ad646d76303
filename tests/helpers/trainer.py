"""The page's trainer, run by deno."""

import base64
import json
import os
import subprocess
from pathlib import Path

import deno
from book_ext.lab_images import packed

SCRIPT = Path(__file__).parents[1] / "unit/javascript/train.js"


def train_in_javascript(train, test, runs: list[dict]) -> list[dict]:
    """Train on (images (n, 28, 28) of 0 to 255, labels (n,)), once for each settings."""
    text = {
        "train": [base64.b64encode(packed(*part)).decode() for part in halves(*train)],
        "test": base64.b64encode(packed(*test)).decode(),
        "runs": runs,
    }
    command = [deno.find_deno_bin(), "run", "--quiet", "--no-remote", SCRIPT]
    quiet = os.environ | {"NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    done = subprocess.run(
        command, input=json.dumps(text), capture_output=True, text=True, timeout=300, env=quiet
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def halves(images, labels):
    """Return the images in two files, as the page loads them."""
    middle = len(labels) // 2
    return (images[:middle], labels[:middle]), (images[middle:], labels[middle:])
