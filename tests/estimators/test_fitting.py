"""How a batch is shared out; the fit itself is tested by what it trains (test_training.py)."""

import pytest

from keras_nas.estimators.fitting import filled
from keras_nas.tasks.segmentation import MaskSignature
from keras_nas.tasks.signature import Input, Signature

COLUMNS, IMAGES = Input((5,), "float32"), Input((28, 28), "uint8")


@pytest.mark.parametrize(
    ("signature", "least"),
    [
        (Signature(COLUMNS, 3), 16),
        (Signature({"image": IMAGES, "table": COLUMNS}, 3), 16),
        (Signature(IMAGES, 3), 8),
        (MaskSignature(IMAGES, 2), 4),
    ],
    ids=["columns", "columns beside images", "images", "a map"],
)
def test_a_tower_has_enough_to_normalise_by(signature: Signature, least: int) -> None:
    assert [filled(4, batch, signature) for batch in (1, least, 2 * least - 1, 2 * least, 8 * least)] == [1, 1, 1, 2, 4]
