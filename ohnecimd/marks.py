"""Places in the input: to go back to, and not to pass."""

from __future__ import annotations

__all__ = ["Bound", "Mark"]


class Mark:
    """A place in the input that a parser may go back to, unless it has committed itself.

    `is_choice`: it may commit itself.
    """

    __slots__ = ("is_choice", "is_committed", "offset")

    def __init__(self, offset: int, *, is_choice: bool) -> None:
        self.offset = offset
        self.is_choice = is_choice
        self.is_committed = False


class Bound:
    """A place in the input that a parser may not pass.

    `is_end`: the input ends there for the parser; otherwise passing it is `TooLong`.
    """

    __slots__ = ("is_end", "offset", "size")

    def __init__(self, offset: int, size: int, *, is_end: bool) -> None:
        self.offset = offset
        self.size = size
        self.is_end = is_end
