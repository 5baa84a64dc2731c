"""Conformance checks that every search strategy and every block passes, ours and yours.

    import pytest
    from keras_nas.testing import STRATEGY_CHECKS, Subject

    @pytest.mark.parametrize("check", STRATEGY_CHECKS, ids=lambda check: check.__name__)
    def test_my_strategy(check):
        check(Subject(MyStrategy))

The same checks run without pytest: `for check in STRATEGY_CHECKS: check(Subject(MyStrategy))`. A block is checked by
one call, `check_block(my_block(...))`.
"""

from keras_nas.testing.blocks import check_block
from keras_nas.testing.strategies import STRATEGY_CHECKS, Subject

__all__ = ["STRATEGY_CHECKS", "Subject", "check_block"]
