"""Preloaded by a worker, it kills that worker at the point named in the environment, in its first life only."""

import os
from pathlib import Path

from tests.engine.killed import die_at

mark = Path(os.environ["MARK"])
if not mark.exists() and os.environ["DIE_AT"].startswith(("worker.", "files.")):
    mark.touch()
    die_at(os.environ["DIE_AT"])
