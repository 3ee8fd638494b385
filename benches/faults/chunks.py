"""Reads what libraries hand over in the shape of OpenAI's chunks and completions."""


def read_chunk(chunk, said) -> None:
    """Adds a chunk of a stream to what was said."""
    if getattr(chunk, "usage", None):
        said.output_tokens = chunk.usage.completion_tokens
    for choice in chunk.choices or ():
        delta = choice.delta
        said.text += delta.content or ""
        said.thinking += getattr(delta, "reasoning_content", None) or ""
        said.finish = choice.finish_reason or said.finish
        for place, call in enumerate(delta.tool_calls or ()):
            # Some servers leave the index out.
            index = place if call.index is None else call.index
            said.piece_of_call(index, call.id, call.function.name, call.function.arguments)


def read_completion(completion, said) -> None:
    """Takes an answer that was not streamed; one that is none says nothing."""
    if not getattr(completion, "choices", None):
        return
    if getattr(completion, "usage", None):
        said.output_tokens = completion.usage.completion_tokens
    choice = completion.choices[0]
    said.text = choice.message.content or ""
    said.thinking = getattr(choice.message, "reasoning_content", None) or ""
    said.finish = choice.finish_reason
    for index, call in enumerate(choice.message.tool_calls or ()):
        said.piece_of_call(index, call.id, call.function.name, call.function.arguments)
