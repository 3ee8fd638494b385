"""One answer replayed through the decoder in every way the network could cut it."""

import json
import random
import re

import alchemy
from alchemy import _native

# Bodies above this size are cut into 7 bytes instead of 1, to keep the run short.
BYTE_BY_BYTE_UP_TO = 400_000


# Names in the recordings -> our provider ids, where they differ.
PROVIDERS = {
    "vercel-gateway": "vercel-ai-gateway",
    "pydantic-gateway": "custom",
    "local-server": "custom",
}


def model_of(case: dict) -> alchemy.Model:
    """A model of the provider that answered, so that its quirks apply."""
    provider = PROVIDERS.get(case["provider"], case["provider"])
    return alchemy.Model(
        id=case["model"] or "unknown",
        provider=provider if provider in alchemy.get_providers() else "custom",
        api=case["api"],
        base_url="http://example.invalid",
    )


def pieces(body: bytes, sizes) -> list[bytes]:
    """The body cut into pieces of the given sizes; what is left over is the last piece."""
    cut = []
    at = 0
    for size in sizes:
        if at >= len(body):
            break
        cut.append(body[at : at + size])
        at += size
    if at < len(body):
        cut.append(body[at:])
    return cut


def even_pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def random_pieces(body: bytes, seed: str) -> list[bytes]:
    """Pieces of 1 to 200 bytes, most of them short; the same for the same seed."""
    chance = random.Random(seed)
    sizes = []
    left = len(body)
    while left > 0:
        sizes.append(chance.choice((1, 2, 3, chance.randint(4, 200))))
        left -= sizes[-1]
    return pieces(body, sizes)


def splits(body: bytes, seed: str, recorded_sizes=()) -> dict[str, list[bytes]]:
    """Every way of cutting the body, by name."""
    cuts = {
        "whole": [body],
        "byte by byte": even_pieces(body, 1 if len(body) <= BYTE_BY_BYTE_UP_TO else 7),
        "random splits": random_pieces(body, seed),
    }
    if recorded_sizes:
        cuts["as recorded"] = pieces(body, recorded_sizes)
    return cuts


def events_with_data(body: bytes) -> list[tuple[bytes, dict]]:
    """The bytes of each event of a stream, with its data where that is a JSON object."""
    found = []
    for frame in re.split(rb"(?<=\n\n)", body):
        data = b"\n".join(line[5:] for line in frame.splitlines() if line.startswith(b"data:"))
        try:
            value = json.loads(data)
        except ValueError:
            value = None
        found.append((frame, value if isinstance(value, dict) else {}))
    return found


def parts(body: bytes, reader) -> list[bytes]:
    """The answers that the source of a recording joined into one body, told apart by the events that `reader` names."""
    found = [b""]
    over = False
    for frame, event in events_with_data(body):
        if frame.strip() and found[-1] and (over or reader.begins(event)):
            found.append(b"")
        found[-1] += frame
        over = reader.ends(event)
    return found


def without_time(data):
    """The same JSON form without the timestamps, which differ from run to run."""
    if isinstance(data, dict):
        return {name: without_time(value) for name, value in data.items() if name != "timestamp_ms"}
    if isinstance(data, list):
        return [without_time(item) for item in data]
    return data


class Replay:
    """What the decoder made of one answer: the events, the message or None, the error or None."""

    def __init__(self, model, chunks, *, status, content_type, streamed, headers=None) -> None:
        self.events, self.message, self.error = _native.replay(
            model,
            chunks,
            status=status,
            content_type=content_type,
            streamed=streamed,
            headers=headers or {},
        )

    @property
    def reached(self):
        """The message so far: the whole one, or what had arrived before the failure; None where nothing had."""
        return self.message if self.error is None else getattr(self.error, "partial", None)

    def plain(self) -> tuple:
        """Everything that has to be the same for every way of cutting the body."""
        return (
            [without_time(event.to_dict()) for event in self.events],
            None if self.reached is None else without_time(self.reached.to_dict()),
            None if self.error is None else (type(self.error).__name__, str(self.error), self.error.status),
        )


def replay_of(recording, chunks) -> Replay:
    """The replay of a recording whose body is cut into these chunks."""
    case = recording.case
    return Replay(
        model_of(case),
        chunks,
        status=case["status"],
        content_type=recording.content_type,
        streamed=recording.streamed,
        headers=case.get("response_headers") or {},
    )
