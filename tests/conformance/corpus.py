"""The recorded exchanges: where they are and how they are loaded."""

import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# ALCHEMY_WIRE names another set than the one that the repository's figures and skips are about.
OTHER_SET = bool(os.environ.get("ALCHEMY_WIRE"))
RECORDINGS = Path(os.environ.get("ALCHEMY_WIRE") or REPOSITORY.parent / "shared" / "wire")


@dataclass(frozen=True)
class Recording:
    """One recorded exchange: `case` is its `case.json`, `body` the bytes of the answer."""

    case: dict
    body: bytes

    @property
    def id(self) -> str:
        return self.case["id"]

    @property
    def streamed(self) -> bool:
        """Whether a stream was asked for."""
        return bool(self.case["stream"])

    @property
    def content_type(self) -> str:
        return (self.case.get("response_headers") or {}).get("content-type") or ""


# Folders of recordings of another server that answers in the form of one of the protocols.
SAME_FORM = {"google-vertex": "google-generative-ai"}


@functools.cache
def recordings(folder: str) -> list[Recording]:
    """All recordings of one wire protocol, or of one folder in `SAME_FORM`, by id; empty where they are absent."""
    found = []
    for path in sorted((RECORDINGS / folder).glob("*/case.json")):
        case = json.loads(path.read_bytes()) | {"api": SAME_FORM.get(folder, folder)}
        found.append(Recording(case=case, body=(path.parent / case["response_file"]).read_bytes()))
    return found
