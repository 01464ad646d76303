"""Make .venv and install the pinned environment (what ``make install`` calls). Needs Python alone.

On Linux the default registry's PyTorch is built for NVIDIA cards and brings several gigabytes of
libraries. So torch and torchvision, which must be of one build, come from PyTorch's own index of
builds for the processor. It is asked once, briefly; where it doesn't answer as it should, the
default registry takes its place, and a line says so.
"""

from __future__ import annotations  # so that an older Python can say that it is too old

import argparse
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 6.0  # seconds for the whole question, name look-up included
LIMIT = 20_000_000  # bytes of an index page; PyTorch's has some hundred thousand


def unsupported(version: tuple[int, int], pyproject: str) -> str:
    """Say why this Python can't be used; empty if it can. Read from ``requires-python``."""
    low, end = re.findall(r">=3\.(\d+),\s*<3\.(\d+)", pyproject)[0]
    if (3, int(low)) <= version < (3, int(end)):
        return ""
    return (
        f"The course needs Python 3.{low} to 3.{int(end) - 1}; this is {version[0]}.{version[1]}. "
        f"Name another: make PYTHON=python3.{int(end) - 2} install"
    )


def pins(requirements: str) -> list[str]:
    """The lines that pin torch and torchvision."""
    return re.findall(r"(?m)^(?:torch|torchvision)==\S+", requirements)


def read_page(url: str, patience: float = PATIENCE) -> str:
    """The text behind a URL, or an OSError after ``patience`` seconds, whatever the server does.

    A socket's timeout covers neither the name look-up nor a server that drips; a thread that is
    waited for covers both, and as a daemon it doesn't keep the program from ending.
    """
    results: list[str | OSError] = []

    def read() -> None:
        try:
            request = Request(url, headers={"Accept": "text/html", "User-Agent": "softmax-course"})
            with urlopen(request, timeout=2 * patience) as response:
                results.append(response.read(LIMIT).decode("utf-8", errors="replace"))
        except HTTPError as error:
            error.close()
            results.append(OSError(str(error)))
        except Exception as error:  # whatever it is, the waiting side reports it
            results.append(OSError(f"{type(error).__name__}: {error}"))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(patience)
    if not results:
        raise TimeoutError(f"no whole answer within {patience:g} seconds")
    if isinstance(results[0], OSError):
        raise results[0]
    return results[0]


def lacks(index: str, packages: list[str], patience: float = PATIENCE) -> str:
    """Say why an index can't serve the packages; empty if it lists them all."""
    for package in packages:
        name, _, version = package.partition("==")
        try:
            page = read_page(f"{index.rstrip('/')}/{name}/", patience)
        except OSError as error:
            return str(error)
        if not re.search(rf"\b{name}-{re.escape(version)}(\+|%2B|-)", page):
            return f"it lists no {name} {version}"
    return ""


def installed(python: Path) -> dict[str, str]:
    """Versions of torch and torchvision in an environment."""
    code = (
        "from importlib.metadata import version as v, PackageNotFoundError as E\n"
        "for name in ('torch', 'torchvision'):\n"
        "    try: print(name, v(name))\n"
        "    except E: pass"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return dict(line.split() for line in done.stdout.splitlines())


def same_build(versions: dict[str, str], packages: list[str]) -> bool:
    """Whether both packages are there as pinned, and of one build (the part after the plus)."""
    found = [versions.get(package.partition("==")[0], "") for package in packages]
    pinned = [package.partition("==")[2] for package in packages]
    plain, builds = zip(*(version.partition("+")[::2] for version in found), strict=True)
    return list(plain) == pinned and len(set(builds)) == 1


def pip(python: Path, *arguments: str) -> int:
    """Run pip in the environment, from the project's folder; return its exit status."""
    command = [str(python), "-m", "pip", "install", "--quiet", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def install_torch(python: Path, choice: str, packages: list[str]) -> int:
    """Install both packages as chosen ("cpu", "cuda" or an index); return an exit status.

    Without their dependencies: those are pinned in requirements.txt, which comes next.
    """
    if choice == "cuda":  # the registry's own build; in the place of another, if there is one
        again = ["--force-reinstall"] if "+" in installed(python).get("torch", "") else []
        return pip(python, "--no-deps", *again, *packages)
    if choice != "cpu":
        return pip(python, "--no-deps", "--force-reinstall", *packages, "--index-url", choice)
    if not sys.platform.startswith("linux") or same_build(installed(python), packages):
        return 0
    reason = lacks(CPU_INDEX, packages)
    if not reason and pip(python, "--no-deps", *packages, "--index-url", CPU_INDEX):
        reason = "pip could not install from there"
    if reason:
        print(
            f"PyTorch's index for the processor, {CPU_INDEX}, did not serve: {reason}.\n"
            "The default registry is used instead; on Linux its PyTorch may bring several GB.",
            flush=True,
        )
    return 0


def main(argv: list[str] | None = None) -> int:
    """Install; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--torch",
        default="cpu",
        help='"cpu" (the default), "cuda" (the registry\'s own build for Linux), or the address of '
        "an index, such as https://download.pytorch.org/whl/cu130",
    )
    choice = parser.parse_args(argv).torch
    if choice not in ("cpu", "cuda") and not re.match(r"(https?|file)://", choice):
        parser.error(f'--torch (make TORCH=...) must be "cpu", "cuda" or a URL, got {choice!r}')
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    reason = unsupported(sys.version_info[:2], pyproject)
    if reason:
        print(reason, file=sys.stderr)
        return 1
    folder = ROOT / ".venv"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    packages = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    print("Installing the pinned packages into .venv; the first time takes minutes.", flush=True)
    return install_torch(python, choice, packages) or pip(python, "-r", "requirements.txt")


if __name__ == "__main__":
    sys.exit(main())
