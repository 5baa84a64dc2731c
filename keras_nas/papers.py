"""The papers behind what is ready, read from where it says them: its docstring."""

from __future__ import annotations

import re
from typing import Any


def papers(made: Any) -> list[str]:
    """The arXiv numbers that a docstring names, in its order and each once.

    Args:
        made: a function, a class or a module.

    Example:
        >>> from keras_nas.spaces.resnet import resnet
        >>> papers(resnet)
        ['1512.03385', '1611.05431']
    """
    text = " ".join((made.__doc__ or "").split())
    return list(dict.fromkeys(re.findall(r"\barXiv:? ?(\d{4}\.\d{4,5})", text)))
