"""Makes the helpers in this folder, and those of the conformance run, importable from every folder of tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "conformance"))
