"""Which precision to train in."""

from __future__ import annotations

from pathlib import Path

from keras_nas.errors import InvalidArgument, unknown

PRECISIONS = ("auto", "float32", "mixed_float16", "mixed_bfloat16")


def training_precision(precision: str, flags: str | None = None, gpus: int = 0) -> str:
    """The Keras dtype policy to train under.

    "auto" is mixed bfloat16 on processors that multiply it in hardware (AMX), where fused training copies gain from it,
    mixed float16 on GPUs, else float32. Exported models are float32 in any case.

    Args:
        precision: one of `PRECISIONS`.
        flags: what the processor can do, as Linux lists it; by default this machine's.
        gpus: how many workers have a GPU.

    Raises:
        InvalidArgument: for another name.
    """
    if precision not in PRECISIONS:
        raise InvalidArgument(unknown("precision", precision, PRECISIONS))
    if precision != "auto":
        return precision
    if gpus:
        return "mixed_float16"
    known = _flags() if flags is None else flags
    return "mixed_bfloat16" if "amx_bf16" in known.split() else "float32"


def _flags() -> str:
    """The processor's features, "" where the system does not list them."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line for line in lines if line.startswith("flags")), "")
