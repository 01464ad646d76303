"""Firefox and WebKitGTK, driven by what they speak themselves: WebDriver BiDi and WebDriver.

Playwright drives only builds of its own of these two, and Debian has no geckodriver.
An engine has four methods: ``size``, ``open``, ``evaluate`` (a value that JSON can hold, or a
promise of one) and ``screenshot``.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from glob import glob
from itertools import count
from urllib.request import Request, urlopen

import pytest
import websocket

#: Seconds that one command may take.
PATIENCE = 60


class Engine:
    """A browser that runs as a process of its own, in a folder of its own."""

    def __init__(self, command: list[str]) -> None:
        self.home = tempfile.TemporaryDirectory(prefix="engine-")
        self.process = subprocess.Popen(
            [part.replace("HOME", self.home.name) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"HOME": self.home.name},
        )

    def close(self) -> None:
        """End the browser and all that it started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()
        self.home.cleanup()


class Firefox(Engine):
    """Firefox through WebDriver BiDi."""

    needs = ("firefox-esr|firefox",)

    def __init__(self) -> None:
        binary = shutil.which("firefox-esr") or shutil.which("firefox")
        super().__init__([binary, "--headless", "--profile", "HOME", "--remote-debugging-port=0"])
        for line in self.process.stdout:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                break
        else:
            raise RuntimeError("Firefox did not start")
        self.socket = websocket.create_connection(
            f"{found.group(1)}/session", timeout=PATIENCE, suppress_origin=True
        )
        self.numbers = count()
        self.send("session.new", capabilities={})
        tree = self.send("browsingContext.getTree")
        self.context = tree["contexts"][0]["context"]

    def close(self) -> None:
        self.socket.close()
        super().close()

    def send(self, method: str, **parameters) -> dict:
        """Send a command and wait for its answer."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['message']}")
                return answer["result"]

    def size(self, width: int, height: int) -> None:
        self.send(
            "browsingContext.setViewport",
            context=self.context,
            viewport={"width": width, "height": height},
        )

    def open(self, address: str) -> None:
        self.send("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def evaluate(self, expression: str):
        """Return the value of a JavaScript expression."""
        answer = self.send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def screenshot(self) -> bytes:
        answer = self.send("browsingContext.captureScreenshot", context=self.context)
        return base64.b64decode(answer["data"])


class WebKit(Engine):
    """WebKitGTK's MiniBrowser through WebKitWebDriver, on a screen that nobody sees."""

    needs = ("WebKitWebDriver", "xvfb-run")

    def __init__(self) -> None:
        port = 20_000 + os.getpid() % 20_000
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x1400x24"]
        super().__init__([*screen, "WebKitWebDriver", f"--port={port}"])
        self.address = f"http://127.0.0.1:{port}"
        (binary,) = glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")[:1]
        options = {"binary": binary, "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        for _ in range(100):
            try:
                answer = self.send("/session", capabilities=wanted)
                break
            except OSError:  # the driver is not listening yet
                time.sleep(0.1)
        self.address += f"/session/{answer['sessionId']}"
        self.send("/timeouts", script=1000 * PATIENCE, pageLoad=1000 * PATIENCE)

    def send(self, path: str, **parameters):
        """Send a command and wait for its answer."""
        data = json.dumps(parameters).encode() if parameters else None
        request = Request(self.address + path, data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def size(self, width: int, height: int) -> None:
        self.send("/window/rect", width=width, height=height)
        inner = self.evaluate("[innerWidth, innerHeight]")
        self.send("/window/rect", width=2 * width - inner[0], height=2 * height - inner[1])

    def open(self, address: str) -> None:
        self.send("/url", url=address)

    def evaluate(self, expression: str):
        """Return the value of a JavaScript expression."""
        script = f"""const done = arguments[0];
          (async () => {expression})().then((v) => done([v]), (e) => done(`${{e}}`));"""
        answer = self.send("/execute/async", script=script, args=[])
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer[0]

    def screenshot(self) -> bytes:
        return base64.b64decode(self.send("/screenshot"))


ENGINES = {"firefox": Firefox, "webkit": WebKit}

#: A test's parameter: an engine's name. Tests of one engine run in one process.
each_engine = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ENGINES]
)


def started(name: str) -> Engine:
    """Start an engine; where it isn't installed, skip the test.

    With COURSE_REQUIRE_ENGINES=1 (continuous integration) a missing engine is a failure.
    """
    missing = [n for n in ENGINES[name].needs if not any(map(shutil.which, n.split("|")))]
    if missing:
        reason = f"{name} needs {', '.join(missing)}; install it to run this test there"
        if os.environ.get("COURSE_REQUIRE_ENGINES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return ENGINES[name]()
