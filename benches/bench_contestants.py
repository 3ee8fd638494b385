"""Who takes part: each library, the environment it has, the script that wraps it, and how it starts."""

from dataclasses import dataclass, replace
from typing import Literal

OURS = "alchemy"
RAW = "raw bytes"
YARDSTICK = "hand-written"
FLOOR = "Rust floor"
BOTH = ("sync", "async")
Speed = Literal["fast", "middle", "slow", "slowest"]

_PATH = "{origin}/v1/chat/completions"
_BODY = "{{'model': 'any', 'messages': [{{'role': 'user', 'content': 'hi'}}]}}"
_TEXT = "['choices'][0]['message']['content']"


@dataclass(frozen=True)
class Contestant:
    """A library and how to run it."""

    name: str
    environment: str
    """Its environment under `.venvs`, and its list in `peers`."""
    script: str
    speed: Speed = "fast"
    """How much it is given to do: what costs more is repeated less."""
    modes: tuple[str, ...] = BOTH
    ready: str = ""
    """What a fresh process runs to have the library imported and a client made; empty: not measured."""
    answer: str = ""
    """What it runs after that to print its first answer, `{origin}` being the provider's."""
    flags: tuple[str, ...] = ()
    """More arguments for the script."""

    def variant(self, name: str, *flags: str, modes: tuple[str, ...] = BOTH) -> "Contestant":
        """The same library, run in another way."""
        return replace(self, name=name, flags=flags, modes=tuple(mode for mode in modes if mode in self.modes))


_OPENAI = "base_url='{origin}/v1', api_key='k'"

ALL = (
    Contestant(RAW, "hand-written", "raw_bytes.py"),
    Contestant(YARDSTICK, "hand-written", "hand_written.py"),
    Contestant(
        "httpx",
        "httpx",
        "httpx_loop.py",
        "middle",
        ready="import httpx, orjson; client = httpx.Client()",
        answer=f"print(orjson.loads(client.post('{_PATH}', json={_BODY}).content){_TEXT})",
    ),
    Contestant(
        "aiohttp",
        "aiohttp",
        "aiohttp_loop.py",
        modes=("async",),
        ready="import asyncio, aiohttp, orjson\nasync def made(): return aiohttp.ClientSession()\n"
        "loop = asyncio.new_event_loop(); session = loop.run_until_complete(made())",
        answer=f"async def asked():\n async with session.post('{_PATH}', json={_BODY}) as response:\n"
        f"  print(orjson.loads(await response.read()){_TEXT}, flush=True)\n"
        "loop.run_until_complete(asked())",
    ),
    Contestant(
        "pyreqwest",
        "pyreqwest",
        "pyreqwest_loop.py",
        ready="import orjson; from pyreqwest.client import SyncClientBuilder; client = SyncClientBuilder().build()",
        answer=f"print(orjson.loads(bytes(client.post('{_PATH}').body_json({_BODY}).build().send().bytes())){_TEXT})",
    ),
    Contestant(
        "openai",
        "openai",
        "openai_sdk.py",
        "slow",
        ready="import openai; client = openai.OpenAI(base_url='{origin}/v1', api_key='k')",
        answer="print(client.chat.completions.create(model='any', messages=[{{'role': 'user', 'content': 'hi'}}])"
        ".choices[0].message.content)",
    ),
    Contestant(
        "anthropic",
        "anthropic",
        "anthropic_sdk.py",
        "slow",
        ready="import anthropic; client = anthropic.Anthropic(base_url='{origin}', api_key='k')",
        answer="print(client.messages.create(model='any', max_tokens=99, "
        "messages=[{{'role': 'user', 'content': 'hi'}}]).content[0].text)",
    ),
    Contestant(
        "google-genai",
        "google-genai",
        "google_sdk.py",
        "slow",
        ready="from google import genai; client = genai.Client(api_key='k', http_options={{'base_url': '{origin}'}})",
        answer="print(client.models.generate_content(model='any', contents='hi').text)",
    ),
    Contestant(
        "langchain-openai",
        "langchain-openai",
        "langchain_sdk.py",
        "slow",
        ready=f"from langchain_openai import ChatOpenAI; model = ChatOpenAI(model='any', {_OPENAI})",
        answer="print(model.invoke('hi').content)",
    ),
    Contestant(
        "pydantic-ai",
        "pydantic-ai",
        "pydantic_ai_sdk.py",
        "slowest",
        ready="from pydantic_ai import ModelRequest, direct; from pydantic_ai.models.openai import OpenAIChatModel; "
        "from pydantic_ai.providers.openai import OpenAIProvider; "
        f"model = OpenAIChatModel('any', provider=OpenAIProvider({_OPENAI}))",
        answer="print(direct.model_request_sync(model, [ModelRequest.user_text_prompt('hi')]).parts[0].content)",
    ),
    Contestant(
        "litellm",
        "litellm",
        "litellm_sdk.py",
        "slowest",
        ready="import os; os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'; import litellm",
        answer="print(litellm.completion(model='openai/any', api_base='{origin}/v1', api_key='k', "
        "messages=[{{'role': 'user', 'content': 'hi'}}]).choices[0].message.content)",
    ),
    Contestant(
        "tiny-agent-os",
        "tiny-agent-os",
        "tinyagent_sdk.py",
        "slow",
        ready="from tinyagent import _alchemy",
        answer="print(_alchemy.openai_completions_stream({{'id': 'events-1', 'provider': 'openai', "
        "'api': 'openai-completions', 'base_url': '" + _PATH + "'}}, {{'system_prompt': '', 'messages': "
        "[{{'role': 'user', 'content': [{{'type': 'text', 'text': 'hi'}}], 'timestamp': 0}}]}}, "
        "{{'api_key': 'k'}}).result()['content'][0]['text'])",
    ),
    Contestant(
        OURS,
        "alchemy",
        "alchemy_llm.py",
        ready="import alchemy; client = alchemy.Client(api_keys={{'custom': 'k'}})",
        answer="print(client.complete(alchemy.Model(id='any', base_url='{origin}'), 'hi').text)",
    ),
)
BY_NAME = {one.name: one for one in ALL}
