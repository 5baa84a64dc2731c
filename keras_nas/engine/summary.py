"""Failures, grouped and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from keras_nas.ledger import Trial


def failure_groups(trials: Sequence[Trial]) -> Counter[tuple[str, str]]:
    """How often each failure happened, most frequent first.

    Args:
        trials: All trials of a search; those without a failure do not count.

    Returns:
        Counts by kind and first line of the message.
    """
    failures = [trial.outcome.failure for trial in trials if trial.outcome and trial.outcome.failure]
    return Counter((failure.kind, failure.message.partition("\n")[0]) for failure in failures)


def failure_report(trials: Sequence[Trial]) -> str:
    """What to tell somebody all of whose trials failed; "" when one has not, or when there is none.

    Repeats that the record answered are no trials of their own.
    """
    ended = [trial for trial in trials if trial.outcome is not None and trial.source != "repeat"]
    if not ended or any(trial.outcome and trial.outcome.ok for trial in ended):
        return ""
    groups = failure_groups(ended)
    lines = [f"  {count} x {kind}: {message}" for (kind, message), count in groups.most_common()]
    traces = [trial.outcome.failure.traceback for trial in ended if trial.outcome and trial.outcome.failure]
    first = next((trace for trace in traces if trace), "")
    quoted = f"\nThe first traceback:\n{first}" if first else ""
    return f"All {len(ended)} trials failed:\n" + "\n".join(lines) + quoted
