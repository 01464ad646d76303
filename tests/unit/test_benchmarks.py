"""What a run of the benchmarks prints and writes; the numbers themselves no test can know."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import benchmarks.__main__ as command
from benchmarks import Ratio, report
from course_utils.plots.style import COLORS

RATIOS = [Ratio("an ox", "a horse", 12.345), Ratio("a mule", "an ox", 0.5)]


def test_a_ratio_has_two_digits():
    said = {0.5342: "0.53", 1.0: "1", 1.27: "1.3", 9.4: "9.4", 15.2: "15", 134: "130",
            1_312: "1,300", 2_345_678: "2,300,000"}  # fmt: skip
    assert {times: report.rounded(times) for times in said} == said


@pytest.mark.parametrize("named", [[], ["b"]])
def test_a_whole_run_is_written_down_and_a_part_is_only_printed(
    named, tmp_path, monkeypatch, capfd
):
    """Two benchmarks, each of seven seconds, in the place of all."""
    path = tmp_path / "benchmarks/results.md"
    path.parent.mkdir()
    clock = iter(range(0, 99, 7))
    found = {"benchmarks.a": lambda: print("one"), "benchmarks.b": lambda: print("two") or RATIOS}
    monkeypatch.setattr("sys.argv", ["benchmarks", *named])
    monkeypatch.setattr(command, "modules", lambda: ["a", "b"])
    monkeypatch.setattr(command, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    for name, work in found.items():
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(main=work))
    monkeypatch.setattr(report, "describe_machine", lambda: "An abacus")
    for module in (command, report):
        monkeypatch.setattr(module, "RESULTS", path)
    monkeypatch.setattr(report, "PLOT", tmp_path / "speed.svg")
    command.main()
    printed = (
        "\n== a ==\none\n(7 s)\n" * (not named) + "\n== b ==\ntwo\n(7 s)\n\n"
        "an ox, against a horse: 12 times as long\na mule, against an ox: 0.5 times as long\n"
    )
    if named:
        assert capfd.readouterr().out == printed
        assert sorted(tmp_path.rglob("*.*")) == []
        return
    assert capfd.readouterr().out == f"{printed}\nWritten to benchmarks/results.md\n"
    assert path.read_text("utf-8") == (
        "# What `make bench` measured\n\nAn abacus.\n\n"
        "Both sides of a ratio were measured in the same run, in turns where they are short. "
        "Compare ratios, not seconds.\n\n"
        "| first way | second way | the first takes so many times as long |\n|---|---|---:|\n"
        "| an ox | a horse | 12 |\n| a mule | an ox | 0.5 |\n\n"
        "## a\n\n```text\none\n```\n\n## b\n\n```text\ntwo\n```\n"
    )
    assert b"<dc:date>" not in (tmp_path / "speed.svg").read_bytes()


def test_a_benchmark_that_fails_takes_no_other_with_it(tmp_path, monkeypatch, capfd):
    found = {"benchmarks.a": lambda: 1 / 0, "benchmarks.b": lambda: print("two") or RATIOS}
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    monkeypatch.setattr(command, "modules", lambda: ["a", "b"])
    for name, work in found.items():
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(main=work))
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.md")
    monkeypatch.setattr(command, "write", lambda *_: pytest.fail("half a run was written down"))
    message = "Failed: a. results.md stays as it was; try again with: python -m benchmarks a$"
    with pytest.raises(SystemExit, match=message):
        command.main()
    out, err = capfd.readouterr()
    assert "an ox, against a horse: 12 times as long" in out
    assert "ZeroDivisionError" in err


def test_each_module_is_a_benchmark_but_two():
    stems = {path.stem for path in Path(report.__file__).parent.glob("*.py")}
    assert set(command.modules()) == stems - {"__init__", "__main__", "report"}
    assert command.modules() == sorted(command.modules())


def test_the_plot_has_a_bar_for_each_ratio_the_largest_on_top():
    ax = report.plot_ratios(Figure().subplots(), RATIOS)
    bars = [(b.get_x(), b.get_width(), b.get_y() + b.get_height() / 2, to_hex(b.get_facecolor()))
            for b in ax.patches]  # fmt: skip
    blue, red = (COLORS[name].lower() for name in ("blue", "vermillion"))
    assert bars == [(1, -0.5, 0, blue), (1, 12.345 - 1, 1, red)]
    assert [(text.get_text(), text.xy) for text in ax.texts] == [
        ("a mule, against an ox", (1, 0.25)), ("0.5", (1, 0)),
        ("an ox, against a horse", (1, 1.25)), ("12", (12.345, 1)),
    ]  # fmt: skip
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "times as long (1: equally long)")
    assert (ax.get_xlim(), ax.get_ylim()) == ((0.4, 3 * 12.345), (-0.5, 2))


def test_the_machine_is_described_in_a_line(monkeypatch, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    monkeypatch.setattr(report, "Path", lambda name: {"/proc/cpuinfo": cpuinfo}[name])
    names = {"machine": "a machine", "processor": "a processor", "system": "Unix",
             "python_version": "3.9"}  # fmt: skip
    monkeypatch.setattr(report, "platform", SimpleNamespace(
        **{name: (lambda said=said: said) for name, said in names.items()}))  # fmt: skip
    assert report.processor() == "a processor"  # where there is no such file
    for text, said in (("cores\t: 2\n", "a machine"), ("model name\t: A: 1 \n" * 2, "A: 1")):
        cpuinfo.write_text(text)
        assert report.processor() == said
    monkeypatch.setattr(report.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(report.os, "getloadavg", lambda: (1.26, 2, 3))
    monkeypatch.setattr(report, "torch", SimpleNamespace(
        __version__="0.1", get_num_threads=lambda: 5))  # fmt: skip
    assert report.describe_machine() == (
        "4 x A: 1, Unix; Python 3.9, torch 0.1, 5 threads; load 1.3 at the end"
    )
