"""The background thread: it runs, stops when asked, and carries errors out."""

import threading

import pytest

from course_utils.threads import BackgroundRun


def test_work_runs_beside_the_caller_and_stops_when_asked():
    begun = threading.Event()

    def work(should_stop):
        begun.set()
        while not should_stop():
            threading.Event().wait(0.001)

    run = BackgroundRun(work).start()
    assert begun.wait(5)
    assert run.running
    run.stop()
    run.join(5)
    assert not run.running


def test_the_end_is_reported_once_with_the_run():
    ends = []
    run = BackgroundRun(lambda should_stop: None, ends.append).start()
    run.join(5)
    assert ends == [run]
    assert run.error is None


def test_an_error_reaches_on_end():
    ends = []

    def work(should_stop):
        raise ValueError("planned")

    run = BackgroundRun(work, lambda run: ends.append(str(run.error))).start()
    run.join(5)
    assert ends == ["planned"]


def test_without_on_end_join_raises_the_error():
    def work(should_stop):
        raise ValueError("planned")

    run = BackgroundRun(work).start()
    with pytest.raises(ValueError, match="planned"):
        run.join(5)


def test_repr_says_whether_it_runs():
    assert repr(BackgroundRun(lambda should_stop: None)) == "BackgroundRun(running=False)"
