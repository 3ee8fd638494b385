"""The tables of a run, in the order in which they are printed and stand in docs/performance.md."""

from collections.abc import Iterable, Iterator

from bench_contestants import ALL, FLOOR, OURS, RAW
from bench_jobs import AWAKE_NAMES, NATIVE, SDK_OF
from bench_samples import Samples
from bench_tables import Column, Row, Table

OWN_PROTOCOL = {name: f"{name} ({api})" for name, api in NATIVE.items()}
LATE = tuple(Column(f"late {name}, ms", f"paced late_ms {name}") for name in ("p50", "p99", "max"))
PACED = (
    Column("ideal, s", "paced ideal", plain=True),
    Column("wall, s", "paced wall"),
    Column("CPU an event, us", "paced cpu"),
    *LATE,
    Column("second half p99, ms", "paced steady_ms p99"),
    Column("start p50, ms", "paced start_ms p50"),
    Column("start max, ms", "paced start_ms max"),
    Column("provider late p99, ms", "provider late_ms p99"),
)
PACED_TEXT = (
    "One delta every 20 ms in each stream. Wall time from the first request to the last end, beside the time it takes "
    "where nothing is late; CPU of the process for one delta; how late a delta is seen after the provider was to write "
    "it, in the whole run and in its second half; and how much later than its pause a stream's first delta comes, "
    "counted from when all streams were begun."
)


def _names() -> tuple[str, ...]:
    """All contestants and the ways they are run, the floor first."""
    found = [FLOOR]
    for one in ALL:
        found += [
            one.name,
            f"{one.name}, read-ahead",
            f"{one.name}, uvloop",
            f"{one.name}, TLS",
            f"{one.name}, TLS, HTTP/2",
        ]
    return tuple(found)


def _rows(group: str, names: Iterable[str]) -> tuple[Row, ...]:
    return tuple(Row(OWN_PROTOCOL.get(name, name), name, group) for name in names)


def burst(mode: str) -> Table:
    """One fast stream."""
    sizes = (1_000, 10_000, 100_000, 1_000_000)
    columns = [Column(f"{count:,} events", f"events-{count} cpu") for count in sizes]
    columns.append(Column("times alchemy, 1,000", "events-1000 cpu", ratio=True))
    text = "CPU microseconds of the client process for one event of a stream that comes as fast as it is read."
    return Table(f"burst-{mode}", f"One fast stream, {mode}", text, tuple(columns), _rows(f"burst {mode}", _names()))


def protocols() -> Iterator[Table]:
    """Each wire protocol."""
    for mode in ("sync", "async"):
        rows = [
            Row(f"{api}: {name}", name, f"protocols {api} {mode}")
            for api, sdk in SDK_OF.items()
            for name in ("hand-written", sdk, OURS)
        ]
        sizes = (1_000, 5_000)
        columns = [Column("bytes of an event", "bytes", plain=True)]
        columns += [Column(f"an event of {count:,}", f"events-{count} cpu") for count in sizes]
        columns.append(Column("a request", "request cpu"))
        text = (
            "CPU microseconds for one event of a fast stream, by the number of its events, and for one request. The "
            "bound of an event grows with its bytes where it has more than one of openai-completions."
        )
        yield Table(f"protocols-{mode}", f"The wire protocols, {mode}", text, tuple(columns), tuple(rows))


def requests() -> Table:
    """Requests that do not stream, sync beside async."""
    text = "CPU microseconds for one request on a connection that is kept."
    rows = [row for mode in ("sync", "async") for row in _rows(f"burst {mode}", _names())]
    named = tuple(Row(f"{row.title}, {row.group.split()[1]}", row.name, row.group) for row in rows)
    columns = (Column("a request, us", "request cpu"), Column("times alchemy", "request cpu", ratio=True))
    return Table("requests", "Requests that do not stream", text, columns, named)


def awake_requests() -> Table:
    """Requests on cores that are kept awake."""
    text = "CPU microseconds for one request on a connection that is kept, while neither core goes to sleep."
    rows = tuple(
        Row(f"{name}, {mode}", name, f"awake {mode}") for mode in ("sync", "async") for name in (*AWAKE_NAMES[1:], OURS)
    )
    return Table("awake-requests", "Requests, cores kept awake", text, (Column("a request, us", "request cpu"),), rows)


def tools() -> Table:
    """Streamed tool calls."""
    sizes = {800: "0.8 KB", 4_000: "4 KB", 40_000: "40 KB", 400_000: "400 KB"}
    columns = tuple(Column(f"{name} of arguments", f"calls-{size}-8 cpu") for size, name in sizes.items())
    text = (
        "CPU microseconds for one delta of 8 bytes. alchemy and anthropic's helper have the arguments parsed after "
        "each delta (`stream.partial_arguments`, `snapshot`); the others give out raw text, and the loops parse it "
        "once, at the end."
    )
    rows = (*_rows("tools sync", _names()), Row("aiohttp, async", "aiohttp", "tools async"))
    rows += (Row(f"{OURS}, async", OURS, "tools async"),)
    return Table("tools", "Tool calls with partial arguments", text, columns, rows)


def stream_counts(samples: Samples, kind: str) -> list[int]:
    """The numbers of streams for which a kind of measure was taken."""
    groups = {tuple(measure.split()[:2]) for measure in samples.values}
    return sorted(int(count) for group, count in groups if group == kind and count.isdecimal())


def concurrency(samples: Samples) -> Iterator[Table]:
    """Many paced streams at once."""
    for streams in stream_counts(samples, "concurrency"):
        rows = _rows(f"concurrency {streams}", _names())
        title = f"{streams:,} paced stream{'s' if streams > 1 else ''}, one core"
        yield Table(f"concurrency-{streams}", title, PACED_TEXT, PACED, rows)
    for streams in stream_counts(samples, "free"):
        title = f"{streams:,} paced streams, all cores"
        yield Table(f"free-{streams}", title, PACED_TEXT, PACED, _rows(f"free {streams}", _names()))
    yield awake_requests()
    for streams in stream_counts(samples, "awake"):
        title = f"{streams:,} paced streams, one core, cores kept awake"
        yield Table(f"awake-{streams}", title, PACED_TEXT, PACED, _rows(f"awake {streams}", _names()))
    yield Table("threads-one", "64 threads, one core", PACED_TEXT, PACED, _rows("threads one", _names()))
    yield Table("threads-all", "64 threads, all cores", PACED_TEXT, PACED, _rows("threads all", _names()))


def process() -> Iterator[Table]:
    """Memory, start and size."""
    text = "Resident memory that each open stream adds while it waits for its first delta."
    columns = (
        Column("KB a stream", "memory kilobytes"),
        Column("streams", "memory streams", plain=True),
    )
    yield Table("memory", "Memory of an open stream", text, columns, _rows("memory", _names()))
    text = (
        "Milliseconds of a fresh process. Import: over those of a bare interpreter of the same environment, to a "
        "client that is ready, exit included. First answer: from the start of the process to the answer of one "
        "request, the interpreter's own start included."
    )
    columns = (
        Column("import, ms", "import wall"),
        Column("import CPU, ms", "import cpu"),
        Column("first answer, ms", "answer wall"),
        Column("bare interpreter, ms", "bare wall"),
    )
    yield Table("start", "Import and first answer", text, columns, _rows("start", _names()))
    columns = (
        Column("MB installed", "megabytes", plain=True),
        Column("distributions", "distributions", plain=True),
    )
    text = "The distribution with all that it needs, compiled bytecode included; Python itself and pip left out."
    yield Table("size", "Installed size", text, columns, _rows("size", _names()))


def tls(samples: Samples) -> Iterator[Table]:
    """TLS and HTTP/2."""
    rows = [row for mode in ("sync", "async") for row in _rows(f"tls {mode}", _names())]
    named = tuple(Row(f"{row.title}, {row.group.split()[1]}", row.name, row.group) for row in rows)
    columns = (
        Column("1,000 events", "events-1000 cpu"),
        Column("10,000 events", "events-10000 cpu"),
        Column("a request", "request cpu"),
    )
    text = "CPU microseconds for one event, and for one request, over TLS with a self-signed authority on loopback."
    yield Table("tls", "TLS and HTTP/2", text, columns, named)
    for streams in stream_counts(samples, "tls"):
        title = f"{streams:,} paced streams over TLS, one core"
        yield Table(f"tls-{streams}", title, PACED_TEXT, PACED, _rows(f"tls {streams}", _names()))


def provider(samples: Samples) -> Table:
    """The provider itself."""
    groups: dict[str, str] = {f"burst {mode}": f"one fast stream, {mode}" for mode in ("sync", "async")}
    groups |= {f"concurrency {count}": f"{count:,} paced, one core" for count in stream_counts(samples, "concurrency")}
    groups |= {f"free {count}": f"{count:,} paced, all cores" for count in stream_counts(samples, "free")}
    groups |= {"threads one": "64 threads, one core", "threads all": "64 threads, all cores"}
    rows = [Row(f"{title}: {name}", name, group) for group, title in groups.items() for name in (RAW, OURS)]
    columns = (
        Column("CPU an event, us", "provider cpu"),
        Column("share of its core, %", "provider share"),
        *(Column(f"late {name}, ms", f"provider late_ms {name}") for name in ("p50", "p99", "max")),
    )
    text = (
        "What the loopback provider says of itself while a client reads: its own CPU time, and how late it wrote "
        "paced deltas. Below a full core and on time it is not what limits the client."
    )
    return Table("provider", "The provider", text, columns, tuple(rows))


def all_tables(samples: Samples) -> list[Table]:
    """Every table, those with nothing in them too."""
    first = [burst("sync"), burst("async"), *protocols(), requests(), tools(), *concurrency(samples), *process()]
    return [*first, *tls(samples), provider(samples)]
