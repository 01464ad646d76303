"""A real JupyterLab for the live tests: its own server and configuration, a notebook a file."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import nbformat

QUIET = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.token=",
    "--ServerApp.password=",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.expose_app_in_browser=True",  # its commands, as window.jupyterapp
)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def lab_server(folder):
    """Serve ``folder`` with JupyterLab on the loopback address; yield its URL."""
    port = _free_port()
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    env = os.environ | {name: str(folder / ".jupyter" / name) for name in places}
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", "--ip=127.0.0.1", *QUIET]
    with open(folder / "server.log", "wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(f"{url}/api", server, folder / "server.log")
            yield url
        finally:
            server.terminate()  # asks the kernels to end as well
            try:
                server.wait(30)
            finally:
                server.kill()  # does nothing to one that has ended


def _wait_until_it_answers(url, server, log, seconds=60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def write_notebook(folder, name: str, *cells: str) -> None:
    """Write a notebook of code cells into ``folder``."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / f"{name}.ipynb")


def run_all(browser, url: str, name: str):
    """Open a notebook in JupyterLab, run all of its cells, and return the page."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.goto(f"{url}/lab/workspaces/{name}/tree/{name}.ipynb")  # no tabs of other tests
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.get_by_text("| Idle").wait_for(timeout=60_000)  # the kernel is there
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    return page


def run_cell(page, number: int) -> None:
    """Run one cell again."""
    page.locator(".jp-CodeCell").nth(number).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
