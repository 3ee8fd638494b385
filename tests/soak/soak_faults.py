"""The faults of the soak: for each, how often, and what may come of it."""

from dataclasses import dataclass

import alchemy

WHOLE = "whole"
ENDED = (alchemy.ResponseError, alchemy.ApiConnectionError)
SLOW = (alchemy.FirstEventTimeoutError, alchemy.IdleTimeoutError)
FAILED = (alchemy.ServerError, alchemy.OverloadedError, alchemy.RateLimitError, alchemy.ResponseError)


@dataclass(frozen=True)
class Case:
    """A provider that does one thing to all its answers."""

    faults: tuple[str, ...]
    streamed: tuple
    """The outcomes that are true of a streamed answer: `WHOLE`, and classes of errors."""
    body: tuple
    """The same of an answer in one body, which is one event."""
    weight: int = 2
    pace: float = 0.0

    @property
    def name(self) -> str:
        return " ".join(self.faults) or ("paced" if self.pace else "none")


def harmless(*faults: str, weight: int = 2, pace: float = 0.0) -> Case:
    return Case(faults, (WHOLE,), (WHOLE,), weight, pace)


def fatal(*faults: str, streamed: tuple, body: tuple | None = None, weight: int = 2) -> Case:
    return Case(faults, streamed, streamed if body is None else body, weight)


def status(code: int, kind: type, *more: str) -> Case:
    return fatal(f"status={code}", *more, streamed=(kind,), weight=1)


CASES = (
    harmless(weight=30),
    harmless(weight=10, pace=0.003),
    harmless("split=1"),
    harmless("split=random:3", weight=4),
    harmless("split=1", "gzip", weight=1),
    harmless("gzip"),
    harmless("delay=0.05"),
    harmless("delay=0.1@2"),
    harmless("slow-head=0.2"),
    harmless("unknown@1"),
    harmless("surrogates", weight=1),
    harmless("no-newline"),
    fatal("close-idle", streamed=(WHOLE, alchemy.ApiConnectionError), weight=3),
    fatal("close-idle=0.02", streamed=(WHOLE, alchemy.ApiConnectionError), weight=3),
    harmless("content-type=text/plain", weight=1),
    harmless("content-type", weight=1),
    # Behind the end of a stream nothing counts; a body is one piece, and with garbage in it no JSON.
    fatal("garbage", streamed=(WHOLE,), body=(alchemy.ResponseError,)),
    fatal("stall@head", streamed=SLOW),
    fatal("stall@start", streamed=SLOW),
    fatal("stall@2", streamed=SLOW),
    fatal("stall@middle", streamed=SLOW),
    fatal("slow-head=30", streamed=SLOW, weight=1),
    fatal("reset@head", streamed=(alchemy.ApiConnectionError,)),
    fatal("reset@start", streamed=(alchemy.ApiConnectionError,)),
    fatal("reset@2", streamed=(alchemy.ApiConnectionError,)),
    fatal("reset@middle", streamed=(alchemy.ApiConnectionError,)),
    # The connection of a closed answer may be taken for the next request before its end is seen.
    fatal("close@1", streamed=ENDED),
    fatal("close@last", streamed=ENDED, body=(WHOLE, *ENDED)),
    fatal("drop@head", streamed=ENDED),
    fatal("drop@2", streamed=ENDED),
    fatal("drop@middle", streamed=ENDED),
    fatal("truncate", streamed=ENDED),
    fatal("truncate@40b", streamed=ENDED),
    fatal("no-terminal", streamed=(alchemy.ResponseError,), body=(WHOLE, alchemy.ResponseError)),
    fatal("malformed@1", streamed=(alchemy.ResponseError,), body=(alchemy.ResponseError,)),
    fatal("malformed@2", streamed=(alchemy.ResponseError,), body=(alchemy.ResponseError,)),
    fatal("error@2", streamed=FAILED),
    fatal("error=overloaded@1", streamed=FAILED),
    fatal("bomb=300000000", streamed=(*ENDED, *SLOW), weight=1),
    status(400, alchemy.BadRequestError),
    status(401, alchemy.AuthenticationError),
    status(404, alchemy.NotFoundError),
    status(429, alchemy.RateLimitError, "retry-after=0.05"),
    status(429, alchemy.RateLimitError, "retry-after-ms=20"),
    status(500, alchemy.ServerError),
    status(503, alchemy.OverloadedError, "retry-after=0.01"),
    fatal("html=502", streamed=(alchemy.ServerError,), weight=1),
    fatal("html=200", streamed=(alchemy.ResponseError,), weight=1),
)
