"""The Stop button of a notebook ends a learner's endless function, in a real kernel."""

import time

import pytest
from jupyter_client.manager import start_new_kernel

ENDLESS = """
from course_utils.exercises import check

def mine(x):
    while True:
        print("tick")

def stubborn(x):
    while True:
        try:
            print("tick")
        except:
            pass
"""
pytestmark = pytest.mark.processes
THREADS = "import threading\nsorted(t.name for t in threading.enumerate())"


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code, while_it_runs=lambda: None):
    """Run a cell; return what it prints, its result, and the error it ends in."""
    found, texts = {"text": "", "result": "", "error": ""}, []
    request = client.execute(code)
    is_running = False
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            texts.append(content["text"])
        elif kind == "execute_result":
            found["result"] = content["data"]["text/plain"]
        elif kind == "error":
            found["error"] = f"{content['ename']}: {content['evalue']}"
        elif kind == "execute_input" and not is_running:
            is_running = True
            while_it_runs()
        elif kind == "status" and content["execution_state"] == "idle":
            return found | {"text": "".join(texts)}


@pytest.mark.parametrize("name", ["mine", "stubborn"])
def test_the_stop_button_ends_the_function(kernel, name):
    manager, client = kernel
    before = run(client, f"{ENDLESS}\n{THREADS}")["result"]

    def press():
        time.sleep(1)
        manager.interrupt_kernel()

    found = run(client, f'check("1.2", {name})', press)
    assert found["error"] == (
        "KeyboardInterrupt: check was interrupted, and the function that it tried has ended"
    )
    after = run(client, f"import time\ntime.sleep(0.5)\n{THREADS}")
    assert after == {"text": "", "result": before, "error": ""}
    assert found["text"] == ""


def test_time_that_is_up_ends_the_function(kernel):
    _, client = kernel
    run(client, ENDLESS)
    found = run(client, 'check("1.2", mine)')
    assert "No answer within 3 seconds; is there a loop that never ends?" in found["result"]
    assert "\n  printed   tick\n            tick\n" in found["result"]
    assert found["result"].count("tick") == 5
    assert run(client, "6 * 7") == {"text": "", "result": "42", "error": ""}
