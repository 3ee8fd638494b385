"""The soak's provider, a process of its own: a lab for each case, over every wire protocol.

Prints the address of each as JSON in one line, and serves until its standard input closes.
"""

import contextlib
import json
import sys
import threading

from alchemy.lab import Lab
from soak_answers import said
from soak_faults import CASES


def main() -> None:
    with contextlib.ExitStack() as stack:
        labs = [stack.enter_context(Lab(said, faults=case.faults, pace=case.pace)) for case in CASES]
        print(json.dumps([lab.url for lab in labs]), flush=True)
        ended = threading.Event()

        def forget() -> None:
            # A lab keeps all that it saw, for tests of some requests; these are hundreds of thousands.
            while not ended.wait(2):
                for lab in labs:
                    del lab.requests[:-100]

        threading.Thread(target=forget, daemon=True).start()
        sys.stdin.read()
        ended.set()
        for lab in labs:
            for failure in lab.failures[:1]:
                print(f"lab: {failure}", file=sys.stderr)
            lab.failures.clear()


if __name__ == "__main__":
    main()
