"""What holds for all tests."""

import signal

from hypothesis import settings

collect_ignore = ["typing"]  # checked by type checkers, never run

# Who runs the tests in the background may let them ignore SIGINT, and the commands that they start
# would inherit that; a handler is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)

# For one more run, of what has been tried on another interpreter: --hypothesis-profile=quick
settings.register_profile("quick", max_examples=20)
