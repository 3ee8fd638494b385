"""Runs the command line: `python -m alchemy`."""

import sys

from alchemy.cli import main

if __name__ == "__main__":
    sys.exit(main())
