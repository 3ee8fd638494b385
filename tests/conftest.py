"""Makes helpers importable from every folder of tests, and Ctrl-C work in the programs that they start."""

import signal
import sys
from pathlib import Path

# A shell that starts the run in the background has it ignore Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.insert(0, str(Path(__file__).parent / "conformance"))
