"""The server process of one local model: a program that runs llama.cpp's server until its parent lets go.

It is started by its path, with nothing of this package imported. One line of JSON on standard input says what to
serve; one line on standard output says where, or what failed; the end of standard input ends the process, so that it
cannot outlive its parent, however that ends.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any


def _start(order: dict[str, Any]) -> Any:
    sys.path.append(order["library"])
    llama = importlib.import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = order["path"]
    params.model_alias = {order["alias"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]
    # No web page may read answers: an empty list of origins allows none.
    params.cors_origins = ""
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False
    params.n_parallel = order["slots"]
    params.cache_prompt = order["cache_prompt"]
    params.n_ctx = order["slots"] * order["context"]
    # Each slot keeps its own conversation; the copies of earlier ones that the server would hoard are gigabytes.
    params.cache_ram_mib = 0
    params.warmup = False
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = order["threads"]
    # Errors alone, for the message of a failed start.
    params.verbosity = 1
    return llama.Server(params)


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever llama.cpp prints goes with the errors: standard output carries the one answer.
    os.dup2(2, 1)
    orders = sys.stdin.buffer
    server = None
    try:
        server = _start(json.loads(orders.readline()))
        answer = {"address": server.listening_address}
    except Exception as error:  # noqa: BLE001 - every failure is the parent's to report
        answer = {"error": str(error) or type(error).__name__}
    sink = os.open(os.devnull, os.O_WRONLY)
    sys.stderr.flush()
    if server is not None:
        os.dup2(sink, 1)
        os.dup2(sink, 2)
    with answers:
        json.dump(answer, answers)
        answers.write("\n")
    if server is not None:
        orders.read()
    # There is nothing to save, and an orderly end would wait for answers that nobody reads.
    os._exit(0)


if __name__ == "__main__":
    main()
