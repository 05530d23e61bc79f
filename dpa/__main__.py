"""`python -m dpa` is the command `dpa`."""

import sys

from dpa.cli import main

if __name__ == "__main__":
    sys.exit(main())
