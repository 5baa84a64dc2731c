"""Maps the folders of the repository to packages; all other metadata stands in pyproject.toml."""

from setuptools import find_packages, setup

FOLDERS = {"keras_nas": "keras_nas", "keras_nas.blocks": "blocks", "keras_nas.tuners": "tuners"}


def packages() -> list[str]:
    """Lists every package below each folder.

    Why: the symlinks keras_nas/blocks and keras_nas/tuners are absent from a source distribution, so the
    packages are looked for in the folders themselves; where the links stand too, a name counts once.
    """
    inner = {f"{root}.{name}" for root, folder in FOLDERS.items() for name in find_packages(folder)}
    return sorted({*FOLDERS, *inner})


setup(packages=packages(), package_dir=FOLDERS)
