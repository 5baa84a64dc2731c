"""No example is left without a test."""

import pytest

from tests.source import ROOT

TESTS = "\n".join(path.read_text() for path in (ROOT / "tests" / "examples").glob("test_*.py"))
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.startswith("custom_")])
def test_every_example_has_a_test(name: str) -> None:
    """Those of custom parts are found by their names, notebooks by their ending."""
    assert f'"{name}"' in TESTS or f"{name}.py" in TESTS
