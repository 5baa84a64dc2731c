"""Look at a search: its charts, the winner's picture and the report, all from the search's folder.

    python examples/plot_search.py keras_nas_runs/digits pictures

The folder is read only, and nothing of the data or the script that searched is needed.
"""

import sys
from pathlib import Path

import keras_nas

directory, target = sys.argv[1], Path(sys.argv[2])
target.mkdir(parents=True, exist_ok=True)
result = keras_nas.load(directory)

for kind in ("search", "front", "importance", "parallel"):
    result.plot(kind).savefig(target / f"{kind}.svg")
result.plot_architecture().save(target / "winner.svg")
print(result.importance.round(3).to_string(index=False))
print(f"Charts and the winner's picture are in {target}; the report is {result.report(target / 'report.html')}")
