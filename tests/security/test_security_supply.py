"""What is built is what was looked at: locked graphs, hashes of every tool, and a record that keeps its word."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
COMMANDS = re.compile(r"\b(?:cargo (?:build|test|clippy|install|metadata|run|check)|maturin develop)\b")
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)`")


def commands(text: str) -> list[str]:
    """The lines that build something or resolve the graph; lists of words as the scripts have them, too."""
    lines = [re.sub(r'",? "', " ", line) for line in text.splitlines()]
    return [line.strip() for line in lines if COMMANDS.search(line) and not line.lstrip().startswith(("#", "echo "))]


def scripts():
    for pattern in ("Makefile", ".ci/run", "scripts/*.sh", "scripts/*.py", "benches/*.sh", "benches/*.py"):
        yield from sorted(ROOT.glob(pattern))


def test_every_build_is_locked():
    """Each command that builds, in make, CI and the scripts, refuses to change the graph that Cargo.lock holds."""
    found = [(file.name, line) for file in scripts() for line in commands(file.read_text(encoding="utf-8"))]
    assert len(found) > 5
    loose = [(name, line) for name, line in found if "--locked" not in line and '"""' not in line and "`" not in line]
    assert loose == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["maturin"]["locked"] is True, "pip builds from the sdist by this"


def test_a_loose_build_is_seen():
    """The check finds a command without `--locked`, in a shell's words and in Python's."""
    text = '\tcargo test --workspace\ncommand = ["cargo", "build", "--release"]\n# cargo run\n'
    assert len(commands(text)) == 2


def test_the_graph_comes_from_one_registry():
    """Every crate that is not ours is from crates.io, with the hash of its archive."""
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    others = [package for package in packages if "source" in package]
    assert {package["source"] for package in others} == {"registry+https://github.com/rust-lang/crates.io-index"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", package["checksum"]) for package in others)
    ours = {package["name"] for package in packages} - {package["name"] for package in others}
    assert {name for name in ours if not name.startswith("alchemy")} == set()


def test_what_cargo_deny_is_told():
    """Licences, bans and sources are checked by `make guards`, and each of them refuses rather than warns."""
    rules = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
    assert (rules["sources"]["unknown-git"], rules["sources"]["unknown-registry"]) == ("deny", "deny")
    assert "allow-git" not in rules["sources"]
    assert (rules["bans"]["multiple-versions"], rules["bans"]["wildcards"]) == ("deny", "deny")
    banned = {ban if isinstance(ban, str) else ban["crate"] for ban in rules["bans"]["deny"]}
    assert {"openssl", "openssl-sys", "native-tls"} <= banned
    assert rules["licenses"]["allow"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"cargo-deny .*check licenses bans sources", makefile)


def locked(text: str) -> dict[str, str]:
    """The packages of a file of hashes, with their versions; each has a hash at least."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^#.*\n", "", text)):
        pin = re.match(r"([\w.-]+)(?:\[\w+\])?==([\w.]+)", block)
        assert pin, block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
        found[pin[1].lower().replace("_", "-")] = pin[2]
    return found


def test_every_tool_has_its_hashes():
    """Each pin, and whatever it brings, stands with its hashes in requirements/hashes: run `make lock` if not."""
    assert len(PINS) >= 4
    shared: dict[str, str] = {}
    for pins in PINS:
        hashes = locked((ROOT / "requirements/hashes" / pins.name).read_text(encoding="utf-8"))
        wanted = dict(re.findall(r"(?m)^([\w-]+)(?:\[\w+\])?==([\w.]+)", pins.read_text(encoding="utf-8")))
        assert {name: hashes.get(name.lower()) for name in wanted} == wanted, f"{pins.name}: run `make lock`"
        for name, version in hashes.items():
            assert shared.setdefault(name, version) == version, f"{name} has two versions: run `make lock`"
    names = {file.name for file in (ROOT / "requirements/hashes").iterdir()}
    assert names == {pins.name for pins in PINS}


def test_tools_are_installed_by_hash_alone():
    """Whatever make installs from PyPI is checked by its hashes."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if "pip install" in line]
    assert len(installs) >= 4
    assert [line for line in installs if "--require-hashes --requirement requirements/hashes/" not in line] == []


def test_a_wrong_hash_is_refused(tmp_path):
    """An archive that is not the one that was locked is not installed: pip says so."""
    (tmp_path / "thing-1.0-py3-none-any.whl").write_bytes(b"not what was locked")
    (tmp_path / "pins.txt").write_text(f"thing==1.0 --hash=sha256:{'0' * 64}\n")
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--find-links", str(tmp_path), "--dry-run"]
    command += ["--require-hashes", "--requirement", str(tmp_path / "pins.txt"), "--target", str(tmp_path / "target")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode != 0
    assert "DO NOT MATCH" in done.stderr


def test_every_crate_keeps_the_lints():
    """Each crate takes the workspace's lints, which deny unsafe code; where it is allowed, the reason stands there."""
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    assert workspace["workspace"]["lints"]["rust"]["unsafe_code"] == "deny"
    assert workspace["workspace"]["lints"]["clippy"]["undocumented_unsafe_blocks"] == "deny"
    for member in workspace["workspace"]["members"]:
        manifest = tomllib.loads((ROOT / member / "Cargo.toml").read_text(encoding="utf-8"))
        assert manifest["lints"] == {"workspace": True}, member
    for file in sorted((ROOT / "crates").glob("*/src/**/*.rs")):
        text = file.read_text(encoding="utf-8")
        if "unsafe_code" in text:
            assert "SAFETY" in text, file
            assert re.search(r"unsafe_code,\s+reason = ", text), file
        else:
            assert not re.search(r"\bunsafe\s*[{f]", text), file


def test_the_record_names_tests_that_are_there():
    """Each promise of SECURITY.md names the test that shows it, and the README leads there."""
    record = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = set(TEST_NAME.findall(record))
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
    own = {f"tests/security/{file.name}" for file in Path(__file__).parent.glob("test_*.py")}
    assert own <= named
    assert "SECURITY.md" in (ROOT / "README.md").read_text(encoding="utf-8")
