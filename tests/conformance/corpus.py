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


@functools.cache
def recordings(api: str) -> list[Recording]:
    """All recordings of one wire protocol, by id; empty where the recordings are absent."""
    found = []
    for path in sorted((RECORDINGS / api).glob("*/case.json")):
        case = json.loads(path.read_bytes())
        found.append(Recording(case=case, body=(path.parent / case["response_file"]).read_bytes()))
    return found
