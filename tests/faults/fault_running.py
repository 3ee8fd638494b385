"""Runs one case of the fault table, and says how it ended."""

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import alchemy
from alchemy.lab import Lab
from fault_asking import DRIVERS, Asked
from fault_outcomes import CLOSED, EITHER, KEPT, NONE, SERVER, Outcome
from fault_reading import arrived, differences
from fault_row import ANSWERS, Row
from servers import HOST, unaccepting

KEY = "secret-key"
# How long a server waits for a close that it does not see at once, before it is taken for kept.
SOON = 0.01


# How many requests of a case that cuts anywhere are under way together.
AT_ONCE = 24
FOLLOWING = alchemy.Timeout(first_event=1)


@dataclass(frozen=True)
class Case:
    """One cell of the table: a row over a protocol, asked in one way."""

    row: Row
    api: str
    driver: str
    """`sync` or `async`."""
    streamed: bool

    def __str__(self) -> str:
        return f"{self.row.name}-{self.api}-{self.driver}-{'streamed' if self.streamed else 'whole'}"


@dataclass
class Seen:
    """What was observed of a case."""

    outcome: Outcome
    seconds: float
    """From the call to its end."""
    closed_after: float | None
    """From that end to the moment at which the server saw the client close the connection; None where it did not."""
    line: str = ""
    """The error's line."""
    wrong: list[str] = field(default_factory=list)
    """Breaches of the rules that all events and errors keep."""


@contextlib.contextmanager
def place_of(row: Row):
    """The lab of a row, and the address to ask at."""
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(
            Lab("Well again.", tls={"unknown": "self-signed", "known": True}[row.tls] if row.tls else False)
        )
        if row.place == "nobody":
            with socket.create_server((HOST, 0)) as reserved:
                port = reserved.getsockname()[1]
            yield lab, f"http://{HOST}:{port}"
        elif row.place == "mute":
            listener = stack.enter_context(socket.create_server((HOST, 0)))
            yield lab, f"https://{HOST}:{listener.getsockname()[1]}"
        elif row.place == "deaf":
            yield lab, stack.enter_context(unaccepting())
        else:
            yield lab, lab.url


def observe(case: Case) -> Seen:
    """Runs a case; one that cuts anywhere gives the first outcome that is not the expected one, if there is one."""
    if not case.row.anywhere:
        return observe_once(case)
    observed = observe_anywhere(case)
    expected = case.row.expected(case.api, streamed=case.streamed)
    return next((each for each in observed if each.outcome != expected.outcome or each.wrong), observed[0])


def observe_anywhere(case: Case) -> list[Seen]:
    """Asks many times, some at once, and has the answer cut at another byte each time."""
    answer = ANSWERS[case.row.answer]
    with Lab(answer) as lab, ThreadPoolExecutor(AT_ONCE) as threads:
        client = alchemy.Client(api_keys={"custom": KEY})
        driver = DRIVERS[case.driver](client, lab.model(case.api), {"retries": 0}, lab)
        driver.ask("", streamed=case.streamed)
        # The odd bytes in sync code, the even ones in async code.
        places = range(1 + (case.driver == "async"), lab.bytes_sent, 2)
        for place in places:
            lab.add(answer, faults=f"split@{place}b")
        asked = list(threads.map(lambda _: driver.ask("", streamed=case.streamed), places))
        kept = all(connection.closed is None for connection in lab.connections)
    return [seen(case, each, 1, KEPT if kept else CLOSED, None) for each in asked]


def observe_once(case: Case) -> Seen:
    """Runs a case once."""
    row = case.row
    with place_of(row) as (lab, url):
        for faults in (row.faults, *row.then):
            places = row.faults_of(case.api, faults, streamed=case.streamed)
            lab.add(ANSWERS[row.answer], faults=places, pace=row.pace or 0.0)
        client = alchemy.Client(
            api_keys={"custom": KEY},
            timeout=alchemy.Timeout(**row.timeout),
            ca_file=lab.ca_file if row.tls == "known" else None,
        )
        model = lab.model(case.api, base_url=url)
        driver = DRIVERS[case.driver](client, model, {"retries": 0, **row.options}, lab)
        asked = driver.ask(row.action, streamed=case.streamed)
        for _ in range(row.asks - 1):
            time.sleep(row.between)
            asked = driver.ask(row.action, streamed=case.streamed)
        requests = len(lab.requests)
        connection, closed_after = connection_of(lab, client, asked.ended)
    return seen(case, asked, requests, connection, closed_after)


def connection_of(lab, client, ended: float) -> tuple[str, float | None]:
    """What became of the connection of the last request, and how soon after the end the client closed it."""
    if not lab.connections:
        return NONE, None
    number = lab.requests[-1].connection if lab.requests else 0
    connection = lab.connections[number]
    before = len(lab.requests)

    def reused() -> bool:
        return any(request.connection == number for request in lab.requests[before:])

    if not connection.wait_closed(SOON):
        model = lab.model(lab.requests[-1].api)
        ask_again(client, model)
        if not reused() and not connection.wait_closed(0.5):
            # It came free only now, and there is a new one besides: two requests at once need both.
            lab.add("Busy.", faults="stall@start")
            with client.stream(model, "Are you there?", retries=0):
                lab.wait_requests(before + 2)
                ask_again(client, model)
        if reused():
            return KEPT, None
    if connection.closed is None:
        return "left open", None
    return (SERVER, None) if connection.closed_by == "server" else (CLOSED, connection.closed - ended)


def ask_again(client, model) -> None:
    """Sends a request that is answered well, unless its connection is dead."""
    with contextlib.suppress(alchemy.ApiError):
        client.complete(model, "Are you there?", retries=0, timeout=FOLLOWING)


def seen(case: Case, asked: Asked, requests: int, connection: str, closed_after: float | None) -> Seen:
    """Puts together what a case gave."""
    expected = case.row.expected(case.api, streamed=case.streamed)
    if expected.outcome.connection == EITHER and connection in {CLOSED, KEPT}:
        connection = EITHER
    error, message = asked.error, asked.message
    partial = getattr(error, "partial", None) if error else message
    notices = [notice.code for notice in partial.notices] if partial else []
    outcome = Outcome(
        error=type(error).__name__ if error else "",
        message=arrived(case.row, partial, failed=error is not None),
        stop=partial.stop_reason if partial else "none",
        status=getattr(error, "status", None) if error else asked.status,
        retry_after=getattr(error, "retry_after", None),
        notices=tuple(code for code in notices if code not in expected.may_note),
        states=tuple(call.state for call in partial.tool_calls) if partial else (),
        connection=connection,
        requests=requests,
    )
    wrong = []
    if case.streamed:
        wrong = differences(asked.events, partial, ended=error is None and not case.row.action)
    if case.row.asks == 1:
        wrong += misnoted(partial, error, requests)
    line = str(error or "")
    if KEY in line or "\n" in line:
        wrong.append(f"the error's line: {line!r}")
    return Seen(outcome, asked.ended - asked.began, closed_after, line, wrong)


def misnoted(message, error, requests: int) -> list[str]:
    """Attempts of a request that were not noted, or not as what they were."""
    attempts = getattr(error, "attempts", ()) or (message.attempts if message else ())
    if message is None:
        return []
    found = []
    if len(attempts) != max(1, requests):
        found.append(f"{len(attempts)} attempts noted, {requests} requests seen")
    if not all(attempt.error for attempt in attempts[:-1]):
        found.append("an attempt before the last has no error")
    if attempts and error is None and attempts[-1].error:
        found.append(f"the attempt that answered has the error {attempts[-1].error}")
    return found


def unpunctual(case: Case, observed: Seen) -> list[str]:
    """What of a case came too early or too late."""
    expected = case.row.expected(case.api, streamed=case.streamed)
    found = []
    if not expected.least <= observed.seconds <= expected.most:
        found.append(f"it took {observed.seconds:.3f} s, not {expected.least} to {expected.most} s")
    if observed.closed_after is not None and observed.closed_after > expected.closes:
        found.append(f"the connection was closed {observed.closed_after:.3f} s after the end")
    return found


def observe_in_time(case: Case) -> tuple[Seen, list[str]]:
    """Runs a case, and again, up to three times, where only its time was wrong: the machine may be busy."""
    observed, late = observe(case), []
    for _ in range(2):
        late = unpunctual(case, observed)
        if not late:
            break
        time.sleep(0.05)
        observed = observe(case)
    return observed, late and unpunctual(case, observed)
