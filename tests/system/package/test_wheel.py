"""The wheel holds all that it imports: it is built, installed apart from the sources, and each module loaded.

The environment is empty but for the packages that this one has, which stand behind it on the path: nothing
is fetched. What the wheel lacks is found nowhere else, since the sources are not on the path.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from daemon import __version__

ROOT = Path(__file__).parents[3]
MADE_OF = ("daemon", "hardware", "deploy", "pyproject.toml", "README.md")
IMPORT_ALL = """
import importlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    parts = path.relative_to(sys.argv[1]).with_suffix("").parts
    if parts[0] in ("daemon", "hardware"):
        module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        assert module.__file__ == str(path), module.__file__
        print(module.__name__)
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what it is made of: setuptools leaves its work beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in MADE_OF:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (folder / "source").mkdir(exist_ok=True)
        copy(ROOT / name, folder / "source" / name)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", *options, folder / "source", cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Path:
    """With the wheel in it."""
    folder = wheel.parent / "environment"
    venv.create(folder)
    target = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    # A line in a .pth file stands behind on the path; the .pth files over there are not read.
    (target / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_the_installed_command_tells_its_version(environment: Path) -> None:
    assert run(environment / "bin" / "voiced", "--version", cwd=environment).strip().endswith(__version__)


def test_each_module_of_the_wheel_can_be_imported(environment: Path) -> None:
    (installed,) = environment.glob("lib/*/site-packages")
    loaded = run(environment / "bin" / "python", "-c", IMPORT_ALL, installed, cwd=environment).split()
    sources = [path for room in ("daemon", "hardware") for path in (ROOT / room).rglob("*.py")]
    assert len(loaded) == len(sources)
