"""``python -m ohnecimd`` is ``ohnecimd``."""

import sys

from ohnecimd.cli import main

if __name__ == "__main__":
    sys.exit(main())
