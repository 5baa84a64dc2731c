"""Which policy is chosen where."""

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.precision import PRECISIONS, training_precision


def test_auto_asks_the_hardware() -> None:
    assert training_precision("auto", flags="avx2 amx_bf16 fma") == "mixed_bfloat16"
    assert training_precision("auto", flags="avx2 fma") == "float32"
    assert training_precision("auto", flags="amx_bf16", gpus=1) == "mixed_float16"
    assert training_precision("auto") in PRECISIONS


@pytest.mark.parametrize("name", PRECISIONS[1:])
def test_a_name_is_taken_at_its_word(name: str) -> None:
    assert training_precision(name, flags="amx_bf16", gpus=1) == name


def test_another_name_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="Unknown precision 'bfloat16'.*Did you mean 'mixed_bfloat16'"):
        training_precision("bfloat16")
