"""Our docstrings say `Example:`; the documentation's parser knows interactive examples as `Examples:`."""

import re
from typing import Any

import griffe


class ExamplesSection(griffe.Extension):
    """Renames the section before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)
