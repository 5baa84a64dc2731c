"""What is built and installed holds the blocks and the strategies, under the names they are imported by."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.source import ROOT, package

pytestmark = pytest.mark.slow

SOURCES = ("keras_nas", "blocks", "tuners", "tests", "requirements")
FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "CHANGELOG.md", "Makefile")

SHOW = """
import importlib, subprocess, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__file__)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository's files, symlinks kept as they are, without what builds leave behind."""
    folder = tmp_path_factory.mktemp("checkout")
    skip = shutil.ignore_patterns("__pycache__")
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=skip)
    for name in FILES:
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(checkout))
    return folder


def run(*command: str, cwd: Path | None = None) -> str:
    """Runs a command to its end; its output, or a failure that shows it."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def environment(folder: Path) -> str:
    """A new environment that also sees the packages of this one, but not its editable installs."""
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(folder / "bin" / "python")


def install(python: str, *what: str) -> None:
    """Installs into an environment with the pip of this one, without looking anything up."""
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-build-isolation", *what)


def places(python: str, cwd: Path) -> list[Path]:
    """The files that an environment's interpreter, a child process, imports for each package."""
    names = ("keras_nas", "keras_nas.blocks", "keras_nas.tuners")
    return [Path(line) for line in run(python, "-W", "error", "-c", SHOW, *names, cwd=cwd).splitlines()]


def expected() -> set[str]:
    """The archive names of all modules."""
    names = {source.module: source.path.name == "__init__.py" for source in package()}
    return {name.replace(".", "/") + ("/__init__.py" if init else ".py") for name, init in names.items()}


def test_wheel_holds_every_module_once(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if name.endswith(".py")} == expected()
    assert len(names) == len(set(names))
    assert "keras_nas/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_sdist_holds_the_folders(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {source.path.relative_to(ROOT).as_posix() for source in package()} <= names
    assert {"LICENSE", "CHANGELOG.md", "tests/conftest.py", "requirements/constraints.txt"} <= names
    assert not [name for name in names if name.startswith(("keras_nas/blocks/", "keras_nas/tuners/"))]


def test_installed_wheel_is_imported(built: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    (wheel,) = built.glob("*.whl")
    install(python, str(wheel))
    found = places(python, tmp_path)
    assert len(found) == 3
    assert all(path.is_relative_to(tmp_path / "env") for path in found)
    assert "usage" in run(str(tmp_path / "env" / "bin" / "keras-nas"), "--help", cwd=tmp_path).lower()


def test_editable_install_is_imported(checkout: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    install(python, "--editable", str(checkout))
    found = places(python, tmp_path)
    assert len(found) == 3
    assert all(path.resolve().is_relative_to(checkout) for path in found)


def test_uninstalled_checkout_is_imported(checkout: Path, tmp_path: Path) -> None:
    found = places(environment(tmp_path / "env"), checkout)
    assert [path.resolve() for path in found] == [
        checkout / folder / "__init__.py" for folder in ("keras_nas", "blocks", "tuners")
    ]
