"""What may differ besides where an answer goes back as we decoded it: the recording's client was less careful.

An entry that explains nothing fails the test.
"""

import re
import unicodedata

from acceptances import added, lost, written_anew
from allowed import ANTHROPIC, COMPLETIONS, GOOGLE, RESPONSES, Allowed
from body_differences import MISSING, Difference

MADE_UP_BY_CLIENTS = re.compile(r"pyd_ai_\w+|\d|(fc_|tsc_|resp_).*")
CURLY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "--"})
# Google's word for a call without a signature, as a client sends it: in base64.
SKIPPED = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="


def other_id(difference: Difference) -> bool:
    """The recording has no id, or one of its client's making."""
    recorded = difference.recorded
    return recorded is MISSING or MADE_UP_BY_CLIENTS.fullmatch(recorded) is not None


def plain_letters(difference: Difference) -> bool:
    """Both are the same text but for the shape of quotes and dashes."""
    texts = [unicodedata.normalize("NFKC", text).translate(CURLY) for text in (difference.recorded, difference.ours)]
    return texts[0] == texts[1]


def cut_text(difference: Difference) -> bool:
    """The recording leaves out the middle of our text."""
    start, _, end = difference.recorded.partition("<elided text")
    return difference.ours.startswith(start) and difference.ours.endswith(end.partition(">")[2]) and bool(end)


def same_signatures(difference: Difference) -> bool:
    """The parts of the turn have the same signatures, on other parts than those that bore them."""
    turn = int(re.findall(r"\d+", difference.path)[0])
    parts = [body["contents"][turn]["parts"] for body in difference.bodies]
    found = [{part.get("thoughtSignature") for part in each} - {None} for each in parts]
    return found[0] == found[1]


def same_search(difference: Difference) -> bool:
    """What is searched for is the same under another name."""
    recorded, ours = difference.place
    return recorded.get("queries") == ours.get("paths")


def null_lost(difference: Difference) -> bool:
    return {difference.recorded, difference.ours} == {MISSING, None}


REPLAYED: tuple[Allowed, ...] = (
    Allowed(
        (COMPLETIONS,),
        "JSON written anew",
        r"messages\[\]\.(content|tool_calls\[\]\.function\.arguments)",
        "The client parses JSON and writes it anew; ours goes back letter by letter.",
        written_anew,
    ),
    Allowed(
        (COMPLETIONS,),
        "detail that the client lost",
        r"messages\[\]\.reasoning_details\[\]\.(id|format|index)",
        "The client drops keys of the thinking that the server sent.",
        lost,
    ),
    Allowed(
        (ANTHROPIC,),
        "caller that the client lost",
        r"messages\[\]\.content\[\]\.caller",
        "The client drops who made a call; Anthropic's tool calls have the key in requests too.",
        added({"type": "direct"}),
    ),
    Allowed(
        (ANTHROPIC,),
        "citations that the client lost",
        r"messages\[\]\.content\[\]\.citations",
        "The client drops the sources of a text, without which Anthropic cannot check them.",
        lambda difference: difference.recorded is MISSING and isinstance(difference.ours, list),
    ),
    Allowed(
        (ANTHROPIC,),
        "null that the client lost or put",
        r"messages\[\]\.content\[\]\.content(\[\]\.page_age|\.content\.citations)",
        "A null says what a key that is not there says; ours goes back as it came.",
        null_lost,
    ),
    Allowed(
        (ANTHROPIC,),
        "text that the recording cuts",
        r"messages\[\]\.content\[\]\.content\.content\.source\.data",
        "The recording leaves out the middle of a long text.",
        cut_text,
    ),
    Allowed(
        (RESPONSES,),
        "id of an item that the client lost",
        r"input\[\]\.id",
        "The client drops the ids of items, by which the server finds what it keeps.",
        lambda difference: difference.recorded is MISSING and isinstance(difference.ours, str),
    ),
    Allowed(
        (RESPONSES,),
        "id of a call of the client's own",
        r"input\[\]\.call_id",
        "The client names calls by the ids of their items or adds a prefix; ours is the id that the server gave.",
        lambda difference: other_id(difference) and difference.recorded is not MISSING,
    ),
    Allowed(
        (RESPONSES,),
        "state that the client lost",
        r"input\[\]\.(status|phase)",
        "The client drops that an item is completed, and which part of the answer it is.",
        lambda difference: (
            difference.recorded is MISSING and difference.ours in ("completed", "final_answer", "commentary")
        ),
    ),
    Allowed(
        (RESPONSES,),
        "JSON written anew",
        r"input\[\]\.arguments",
        "The client parses JSON and writes it anew; ours goes back letter by letter.",
        written_anew,
    ),
    Allowed(
        (RESPONSES,),
        "search in the client's words",
        r"input\[\]\.arguments\.(queries|paths)",
        "The client has a name of its own for what the server searched for.",
        same_search,
    ),
    Allowed(
        (RESPONSES,),
        "part that the client lost",
        r"input\[\]\.(action\.sources|outputs|encrypted_content|content\[\]\.annotations|tools\[\]\.output_schema)",
        "The client drops parts of an item; ours goes back as it came.",
        lost,
    ),
    Allowed(
        (RESPONSES,),
        "quotes in plain letters",
        r"input\[\]\.content\[\]\.text",
        "The recording writes quotes and dashes in ASCII.",
        plain_letters,
    ),
    Allowed(
        (GOOGLE,),
        "id of a call of ours",
        r"contents\[\]\.parts\[\]\.(functionCall|functionResponse)\.id",
        "The client drops the ids of calls or makes its own up; ours is the server's, or made up where it gives none.",
        lambda difference: other_id(difference) and difference.ours.startswith("call_"),
    ),
    Allowed(
        (GOOGLE,),
        "signature that the client lost",
        r"contents\[\]\.parts\[\]\.thoughtSignature",
        "The client drops the signature of a text, without which the model takes its thinking up from nothing.",
        lambda difference: difference.recorded is MISSING and bool(difference.ours),
    ),
    Allowed(
        (GOOGLE,),
        "signature on another part",
        r"contents\[\]\.parts\[\]\.thoughtSignature",
        "The client puts the signature on the thinking; ours goes back on the part that bore it, as Google asks.",
        same_signatures,
    ),
    Allowed(
        (GOOGLE,),
        "call without a signature",
        r"contents\[\]\.parts\[\]\.thoughtSignature",
        "The client tells any model to let a call without a signature pass; we tell those that look.",
        lambda difference: (
            difference.recorded == SKIPPED.replace("-", "+").replace("_", "/") and difference.ours is MISSING
        ),
    ),
)
