"""Every recorded request, read into our types and encoded again, is the request that was recorded."""

import copy
import functools
import json
import time

import pytest
from allowed import ALLOWED
from corpus import OTHER_SET, RECORDINGS, SAME_FORM
from left_out import CASES
from request_corpus import FOLDERS, requests
from request_report import asked, compared, counts, encoded, judged, outcome, sent

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(),
    reason=f"no recordings at {RECORDINGS}; set ALCHEMY_WIRE to their folder",
)

own_set = pytest.mark.skipif(OTHER_SET, reason="ALCHEMY_WIRE names another set of recordings")
PROTOCOLS = [folder for folder in FOLDERS if folder not in SAME_FORM]


def printed(numbers: dict) -> str:
    head = ", ".join(f"{numbers[name]} {name}" for name in ("requests", "equal", "explained", "skipped", "failed"))
    reasons = [f"  explained {number}: {name}" for name, number in numbers["reasons"].items()]
    skipped = [f"  skipped {number}: {name}" for name, number in numbers["skip_reasons"].items()]
    return "\n".join([head, *reasons, *skipped])


@pytest.mark.parametrize("folder", FOLDERS)
def test_recorded_requests(folder, capsys):
    """Over all requests of the protocol: every field is the recorded one, or a named reason says why it is not."""
    began = time.monotonic()
    result = outcome(folder)
    numbers = counts({folder: result})[folder]
    with capsys.disabled():
        print(f"\n{folder}: {printed(numbers)}\n  {time.monotonic() - began:.1f} s")
    report = [f"{case}\n    " + "\n    ".join(rest) for case, rest in list(result.failed.items())[:40]]
    assert not result.failed, f"{len(result.failed)} requests differ\n" + "\n".join(report)


@own_set
@pytest.mark.parametrize("api", PROTOCOLS)
def test_reasons_explain_something(api):
    """An allowed difference that no request shows is one that hides nothing and has to go."""
    used = {name for folder in FOLDERS if SAME_FORM.get(folder, folder) == api for name in outcome(folder).reasons}
    assert {entry.name for entry in ALLOWED if api in entry.apis} - used == set()


# Notices that say nothing against the server or the catalog: a figure is brought into bounds, an empty thing is left out.
HARMLESS = {"option_mapped", "option_clamped", "message_dropped", "block_converted"}
EMPTY = (
    "there are no tools to call",
    "there are no tools to choose from",
    "the server refuses text of white space alone",
)


@own_set
@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_server_took_is_not_held_back(folder):
    """Nothing of a request that was answered is dropped, narrowed or moved, and the catalog knows that it is taken."""
    answered = [request for request in requests(folder)[0] if request.case["status"] == 200]
    notices = [(request.id, notice) for request in answered for notice in sent(request, asked(request))[4]]
    told = [(case, notice) for case, notice in notices if notice.code not in HARMLESS and notice.text not in EMPTY]
    assert told == []


def test_reasons_have_names_of_their_own():
    """No two reasons of one protocol share a name, so that each is counted by itself."""
    names = [(api, entry.name) for entry in ALLOWED for api in entry.apis]
    assert len(names) == len(set(names))


@own_set
def test_cases_left_out_are_there():
    """A case that is left out by its id is one of the recordings."""
    assert CASES.keys() <= {path.parent.name for path in RECORDINGS.glob("*/*/case.json")}


def leaves(value, path=()):
    """The path of every value that holds no others and is there: to lose a null is to lose nothing."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield from () if value is None else (path,)
    else:
        for key, each in inner:
            yield from leaves(each, (*path, key))


def changed(body: dict, path: tuple, change) -> dict:
    """The body with one value changed."""
    body = copy.deepcopy(body)
    place = body
    for key in path[:-1]:
        place = place[key]
    change(place, path[-1])
    return body


def another(value):
    """A value of the same type that says something else."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, (int, float)) else f"{value or ''} changed"


CHANGES = {
    "another value": lambda place, key: place.__setitem__(key, another(place[key])),
    "a lost value": lambda place, key: place.pop(key),
}


def goes_without_saying(body: dict, path: tuple) -> bool:
    """Whether to lose a value is to lose nothing: an empty description, or what an item with a role or id is anyway."""
    *outer, key = path
    place = functools.reduce(lambda value, name: value[name], outer, body)
    return (
        (key == "description" and place[key] == "")
        or (key == "status" and place[key] == "completed" and place["type"] == "message")
        or (key == "type" and place[key] == "message" and "role" in place)
    )


def seen(request, ours: dict) -> bool:
    """Whether something is wrong with a body; one that has no form at all is wrong too."""
    try:
        return bool(judged(compared(request, ours))[1])
    except (KeyError, TypeError, ValueError, AttributeError):
        return True


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_difference_is_seen(folder, change):
    """Each single value of an equal request that is changed or lost is reported, and nothing explains it."""
    equal = ((each, encoded(each, asked(each))) for each in requests(folder)[0])
    equal = (pair for pair in equal if not compared(*pair))
    tried = 0
    for request, ours in sorted(equal, key=lambda pair: -len(json.dumps(pair[1])))[:50:2]:
        for path in leaves(ours):
            if change == "a lost value" and goes_without_saying(ours, path):
                continue
            assert seen(request, changed(ours, path, CHANGES[change])), (request.id, path)
            tried += 1
    assert tried > 200
