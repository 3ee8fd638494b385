"""What it costs to decode one event of text, over each wire protocol, beside what `json.loads` takes for the same.

No network: the bytes of a stream go through framing, decoding and assembling in pieces of 16 KB, and each event
becomes a Python object. `.venv/bin/python benches/decoders.py` prints one table.
"""

import json
import statistics
import time

import alchemy
from alchemy import _native

EVENTS = 20_000
ROUNDS = 7
PIECE = 16_384
WORDS = (" the", " quick", " brown", " fox", " jumps", " over", ",", " a", " lazy", " dog", ".", "\n", " über", ' "so"')
PADDING = "k3Vx8QzL0aWmT5rYcN1bHsJ7dGfE"


def completions(words):
    """OpenAI's chunks: ids and padding around each word."""
    head = {"id": "chatcmpl-CQ8fY2mZ", "object": "chat.completion.chunk", "created": 1762000000, "model": "gpt-4o"}
    for word in words:
        choice = {"index": 0, "delta": {"content": word}, "logprobs": None, "finish_reason": None}
        yield {**head, "choices": [choice], "usage": None, "obfuscation": PADDING[len(word) :]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def responses(words):
    """OpenAI's events: each names its item and its place."""
    place = {"item_id": "msg_68c1f2e9a0b88190", "output_index": 0, "content_index": 0}
    item = {"id": place["item_id"], "type": "message", "role": "assistant", "status": "completed"}
    yield {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5", "status": "in_progress"}}
    yield {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}}
    for number, word in enumerate(words):
        delta = {"type": "response.output_text.delta", **place, "delta": word, "logprobs": []}
        yield {**delta, "sequence_number": number, "obfuscation": PADDING[len(word) :]}
    content = [{"type": "output_text", "text": "".join(words), "annotations": []}]
    done = {**item, "content": content}
    yield {"type": "response.output_item.done", "output_index": 0, "item": done}
    whole = {"id": "resp_1", "model": "gpt-5", "status": "completed", "output": [done], "usage": {"input_tokens": 9}}
    yield {"type": "response.completed", "response": whole}


def messages(words):
    """Anthropic's events: short ones."""
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "content": []}
    yield {"type": "message_start", "message": {**head, "stop_reason": None, "usage": {"input_tokens": 9}}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for word in words:
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": len(words)}}
    yield {"type": "message_stop"}


def gemini(words):
    """Google's chunks: usage in each of them. Google sends more words in one; the cost is counted by event."""
    for number, word in enumerate(words, 1):
        candidate = {"content": {"parts": [{"text": word}], "role": "model"}, "index": 0}
        if number == len(words):
            candidate["finishReason"] = "STOP"
        usage = {"promptTokenCount": 9, "candidatesTokenCount": number, "totalTokenCount": number + 9}
        head = {"modelVersion": "gemini-2.5-flash", "responseId": "aBcDeFgHiJkLmNoPqRsT"}
        yield {"candidates": [candidate], "usageMetadata": usage, **head}


STREAMS = {
    "openai-completions": completions,
    "openai-responses": responses,
    "anthropic-messages": messages,
    "google-generative-ai": gemini,
}


def spent(run):
    """CPU microseconds for one event."""
    began = time.process_time()
    run()
    return (time.process_time() - began) * 1e6 / EVENTS


def main():
    words = [WORDS[number % len(WORDS)] for number in range(EVENTS)]
    prepared = {}
    for api, stream in STREAMS.items():
        texts = [json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in stream(words)]
        names = [f"event: {event['type']}\n" if "type" in event else "" for event in stream(words)]
        body = "".join(f"{name}data: {text}\n\n" for name, text in zip(names, texts, strict=True)).encode()
        pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)]
        model = alchemy.Model(id="m", api=api, base_url="http://127.0.0.1")
        prepared[api] = (model, pieces, texts, len(body) / EVENTS)
    samples = {api: ([], []) for api in STREAMS}
    for _ in range(ROUNDS):
        for api, (model, pieces, texts, _) in prepared.items():
            ours, theirs = samples[api]
            ours.append(spent(lambda model=model, pieces=pieces: replay(model, pieces)))
            theirs.append(spent(lambda texts=texts: [json.loads(text) for text in texts]))
    print(f"{'us of CPU per event':24} {'bytes':>7} {'alchemy':>9} {'json.loads':>11} {'ratio':>7}")
    for api, rounds in samples.items():
        ours, theirs = map(statistics.median, rounds)
        print(f"{api:24} {prepared[api][3]:7.0f} {ours:9.2f} {theirs:11.2f} {ours / theirs:6.2f}x")


def replay(model, pieces):
    events, message, error = _native.replay(model, pieces)
    if error is not None or message is None or len(events) < EVENTS:
        raise SystemExit(f"{model.api}: {error}")


if __name__ == "__main__":
    main()
