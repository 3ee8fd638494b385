"""The recorded exchanges: where they are and how they are loaded."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
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
    def content_type(self) -> str:
        return (self.case.get("response_headers") or {}).get("content-type") or ""


def recordings(api: str) -> list[Recording]:
    """All recordings of one wire protocol, by id; empty where the recordings are absent."""
    found = []
    for path in sorted((RECORDINGS / api).glob("*/case.json")):
        case = json.loads(path.read_bytes())
        found.append(Recording(case=case, body=(path.parent / case["response_file"]).read_bytes()))
    return found
