"""Named points in the engine's work, so that a test can stop a process exactly there.

Every step after which a crash leaves something different behind calls `reached`. In use nothing is hooked and the
call costs nothing; the tests install a hook that kills the process.
"""

from collections.abc import Callable

hook: Callable[[str], None] | None = None
"""Called with the name of each point that is passed; None outside tests."""


def reached(name: str) -> None:
    """Tells the hook, if there is one, that the work has come to the point `name`.

    Args:
        name: The point, `"store.before_commit"` say.
    """
    if hook is not None:
        hook(name)
