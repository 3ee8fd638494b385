"""Answers of `google-generative-ai` of kinds that no recording shows, written after the vendor's documentation.

A list is a stream, one event after the other; an object is a body that is not streamed.
"""


def google(*parts, reason="STOP", **more):
    """One event of a `google-generative-ai` answer."""
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0, **more}
    if reason is not None:
        candidate["finishReason"] = reason
    return {"candidates": [candidate], "modelVersion": "x", "responseId": "r"}


def partial(path, **value):
    return google({"functionCall": {"partialArgs": [{"jsonPath": path, **value}], "willContinue": True}}, reason=None)


# https://ai.google.dev/api/generate-content
GOOGLE = {
    "a reason as a number": [google({"text": "a"}, reason=2)],
    "a reason that says nothing": [
        google({"text": "a"}, reason="FINISH_REASON_UNSPECIFIED"),
        google({"text": "b"}),
    ],
    "a reason that is not known": [google({"text": "a"}, reason="ODD")],
    "a filtered answer": [google({"text": "a"}, reason=None), google(reason="SAFETY")],
    "an image that was filtered": [google(reason="IMAGE_SAFETY")],
    "a call that is malformed": [
        google({"text": "a"}, reason=None),
        google(reason="MALFORMED_FUNCTION_CALL", finishMessage="Malformed function call: f("),
    ],
    "a reason that is a failure": [google({"text": "a"}, reason="OTHER")],
    "a prompt that was blocked": [{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": "x"}],
    "a stream without an end": [google({"text": "a"}, reason=None)],
    "an error inside the stream": [
        google({"text": "a"}, reason=None),
        {"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}},
    ],
    "a second candidate": [
        {
            "candidates": [
                {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP", "index": 0},
                {"content": {"parts": [{"text": "b"}]}, "finishReason": "STOP", "index": 1},
            ],
        },
    ],
    "media inside and by address": [
        google(
            {"inlineData": {"mimeType": "image/png", "data": "aGk="}, "thoughtSignature": "s"},
            {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}},
            {"inlineData": {"mimeType": "video/mp4", "data": "aGk="}},
            {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.invalid/a.pdf"}},
        ),
    ],
    "a part that is not known": [google({"oddPart": {"a": [1, None]}, "thoughtSignature": "s"})],
    "thinking that a signature ends": [
        google({"text": "a", "thought": True}, reason=None),
        google({"text": "b", "thought": True, "thoughtSignature": "s"}, reason=None),
        google({"text": "c", "thought": True}, reason=None),
        google({"text": "d"}),
    ],
    "a signature after a call": [
        google({"functionCall": {"name": "f", "args": {"a": 1}, "id": "c"}}, reason=None),
        google({"text": "", "thoughtSignature": "s"}),
    ],
    "two calls with one id": [
        google({"functionCall": {"name": "f", "args": {}, "id": "c"}}, {"functionCall": {"name": "g", "id": "c"}}),
    ],
    "a call that the limit cut": [google({"functionCall": {"name": "f"}}, reason="MAX_TOKENS")],
    "two calls of one function without ids": [
        google({"functionCall": {"name": "f", "args": {}}}, {"functionCall": {"name": "f", "args": {"a": [1.5]}}}),
    ],
    "a call without arguments": [google({"functionCall": {"name": "f"}, "thoughtSignature": "s"})],
    "arguments in pieces of every kind": [
        google({"functionCall": {"name": "f", "id": "c", "willContinue": True}}, reason=None),
        partial("$.text", stringValue="a", willContinue=True),
        partial("$.text", stringValue="b"),
        partial("$.list[0].number", numberValue=1.5),
        partial("$.list[1].yes", boolValue=True),
        partial("$.none", nullValue="NULL_VALUE"),
        google({"functionCall": {}}, reason=None),
        google(),
    ],
    "counts that a later event lacks": [
        {**google({"text": "a"}, reason=None), "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1}},
        {
            **google({"text": "b"}),
            "usageMetadata": {
                "promptTokenCount": 9,
                "toolUsePromptTokenCount": 2,
                "cachedContentTokenCount": 4,
                "thoughtsTokenCount": 3,
                "totalTokenCount": 14,
            },
        },
    ],
    "sources": [
        google({"text": "a"}, reason=None, groundingMetadata={"groundingChunks": [{"web": {"uri": "u"}}]}),
        google(
            {"text": "b"},
            groundingMetadata={"groundingChunks": [{"web": {"uri": "v"}}], "webSearchQueries": ["q"]},
            urlContextMetadata={"urlMetadata": []},
            citationMetadata={"citations": [{"uri": "w"}]},
        ),
    ],
    "half an emoji in each of two pieces": [google({"text": "a\ud83d"}, reason=None), google({"text": "\ude00b"})],
    "an error under status 200": {"error": {"code": 500, "message": "Internal", "status": "INTERNAL"}},
    "a body of several texts": google({"text": "a"}, {"text": "b", "thought": True}, {"text": ""}, {"text": "c"}),
}
