"""What holds for all tests."""

collect_ignore = ["typing"]  # checked by type checkers, never run
