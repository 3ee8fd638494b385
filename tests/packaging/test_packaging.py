"""What make, CI and the packaging scripts promise, and that their checks can fail."""

import importlib.util
import os
import re
import stat
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    """Imports a program of scripts/ as a module."""
    specification = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


make_wheel = load("make_wheel")
third_party = load("generate_third_party")
WHEEL = "alchemy_llm-0.1.0-cp311-abi3-manylinux_2_17_x86_64.whl"
CONTENTS = (
    "alchemy/__init__.py",
    "alchemy/_native.abi3.so",
    "alchemy/_native.pyi",
    "alchemy/py.typed",
    "alchemy_llm-0.1.0.dist-info/licenses/LICENSE",
    "alchemy_llm-0.1.0.dist-info/licenses/THIRD-PARTY.md",
)


def wheel_of(folder, contents=CONTENTS, name=WHEEL):
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for entry in contents:
            archive.writestr(entry, "x")
    return path


def test_a_right_wheel_passes(tmp_path):
    """One abi3 extension, types and licences are what a wheel must hold."""
    make_wheel.check_contents(wheel_of(tmp_path))


@pytest.mark.parametrize(
    ("contents", "name", "said"),
    [
        ([*CONTENTS, "alchemy/_native.cpython-311-x86_64-linux-gnu.so"], WHEEL, "one abi3 extension"),
        ([each for each in CONTENTS if not each.endswith(".so")], WHEEL, "one abi3 extension"),
        ([each for each in CONTENTS if "py.typed" not in each], WHEEL, "py.typed"),
        ([each for each in CONTENTS if "THIRD-PARTY" not in each], WHEEL, "THIRD-PARTY"),
        (CONTENTS, WHEEL.replace("abi3", "cp311"), "not tagged"),
        ([*CONTENTS, "alchemy.pth"], WHEEL, "without being asked for"),
        ([*CONTENTS, "alchemy_llm-0.1.0.data/scripts/tool"], WHEEL, "without being asked for"),
        ([*CONTENTS, "alchemy_llm-0.1.0.dist-info/entry_points.txt"], WHEEL, "entry points"),
    ],
    ids=["two extensions", "no extension", "no types", "no notice", "not abi3", "start file", "script", "entry point"],
)
def test_a_wrong_wheel_is_refused(contents, name, said, tmp_path):
    """A wheel that lacks something, or has too much, stops the build and says why."""
    with pytest.raises(SystemExit, match=said):
        make_wheel.check_contents(wheel_of(tmp_path, contents, name))


@pytest.mark.skipif(sys.platform != "linux", reason="auditwheel judges Linux wheels")
@pytest.mark.parametrize(
    ("report", "refused"),
    [
        ('the following platform tag:\n"manylinux_2_17_x86_64". libc.so.6', False),
        ('the following platform tag:\n"manylinux_2_36_x86_64". libc.so.6', True),
        ('the following platform tag:\n"manylinux_2_17_x86_64". libssl.so.3', True),
    ],
    ids=["right", "new glibc", "OpenSSL"],
)
def test_links_are_judged(report, refused, monkeypatch):
    """A wheel for a newer glibc than promised, or one that links OpenSSL, stops the build."""
    monkeypatch.setattr(make_wheel, "run", lambda *command: report)
    if refused:
        with pytest.raises(SystemExit, match="manylinux"):
            make_wheel.check_links(Path(WHEEL))
    else:
        make_wheel.check_links(Path(WHEEL))


def test_a_failing_command_stops_the_build():
    """The output of a failing command is shown, with its exit code."""
    with pytest.raises(SystemExit, match=r"(?s)reason.*exit code 3"):
        make_wheel.run(sys.executable, "-c", "print('reason'); raise SystemExit(3)")


def package(name, *, kind="lib", licence="MIT"):
    return {
        "id": name,
        "name": name,
        "version": "1.0.0",
        "license": licence,
        "manifest_path": f"/nowhere/{name}/Cargo.toml",
        "targets": [{"kind": [kind]}],
    }


def depends(*names, kind=None):
    return [{"pkg": name, "dep_kinds": [{"kind": kind}]} for name in names]


def test_the_notice_lists_what_is_linked():
    """Normal dependencies are followed; procedural macros, build and test dependencies and our own crates are not listed."""
    graph = {
        "packages": [
            *(package(name) for name in ("alchemy-py", "alchemy-core", "http", "bytes", "tests-only", "built-with")),
            package("macros", kind="proc-macro"),
            package("syntax"),
        ],
        "workspace_members": ["alchemy-py", "alchemy-core"],
        "resolve": {
            "nodes": [
                {"id": "alchemy-py", "deps": depends("alchemy-core", "macros")},
                {"id": "alchemy-core", "deps": [*depends("http"), *depends("tests-only", kind="dev")]},
                {"id": "http", "deps": [*depends("bytes"), *depends("built-with", kind="build")]},
                {"id": "macros", "deps": depends("syntax")},
                *({"id": name, "deps": []} for name in ("bytes", "syntax", "tests-only", "built-with")),
            ]
        },
    }
    assert [each["name"] for each in third_party.linked_packages(graph)] == ["bytes", "http"]


def test_the_notice_holds_each_text_once(tmp_path):
    """Crates with one licence text share a section, and of a choice with MIT the MIT text is taken."""
    packages = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "LICENSE-MIT").write_text("the same text\n")
        (folder / "LICENSE-APACHE").write_text("another text\n")
        packages.append({**package(name, licence="MIT OR Apache-2.0"), "manifest_path": str(folder / "Cargo.toml")})
    rendered = third_party.render(packages)
    assert rendered.count("the same text") == 1
    assert "## first 1.0.0, second 1.0.0" in rendered
    assert "another text" not in rendered


def test_an_outdated_notice_is_found(tmp_path, monkeypatch, capsys):
    """`--check` changes nothing, fails and says what to do; without it the file is written and the check passes."""
    target = tmp_path / "THIRD-PARTY.md"
    target.write_text("old")
    monkeypatch.setattr(third_party, "TARGET", target)
    monkeypatch.setattr(
        third_party, "metadata", lambda: {"packages": [], "resolve": {"nodes": []}, "workspace_members": []}
    )
    monkeypatch.setattr(sys, "argv", ["generate_third_party.py", "--check"])
    assert third_party.main() == 1
    assert "make docs" in capsys.readouterr().err
    assert target.read_text() == "old"
    monkeypatch.setattr(sys, "argv", ["generate_third_party.py"])
    assert third_party.main() == 0
    monkeypatch.setattr(sys, "argv", ["generate_third_party.py", "--check"])
    assert third_party.main() == 0


def test_help_lists_every_target():
    """`make help` names every target a person would call."""
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY:(.*)$", text, re.MULTILINE)[0].split())
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert {line.split()[0] for line in said.stdout.splitlines()} == targets
    assert {"demo", "test", "check", "wheel", "bench", "clean"} <= targets


def test_the_makefile_is_portable():
    """The Makefile uses nothing that only GNU make understands."""
    text = (ROOT / "Makefile").read_text()
    for word in ("$(shell", ":=", "ifeq", "ifdef", "$(wildcard", "$(CURDIR)", "$(foreach", "$^"):
        assert word not in text, word


def test_ci_runs_make_check():
    """`.ci/run` is executable and ends in `make check`, so that the two cannot drift apart."""
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text().rstrip().splitlines()[-1] == "exec make check"


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    (found,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return found.splitlines()


def test_make_check_does_everything():
    """`make check` lints, guards, counts, and makes the wheel; the tests come last, with nothing beside them."""
    *compiling, last = recipe("check")
    assert {"lint", "guards", "wheel", "instructions"} <= set(" ".join(compiling).split())
    assert last.split() == ["@$(MAKE)", "test"]


def test_make_test_runs_each_test():
    """The tests that run side by side and those that run alone are all there are."""
    rust, *parts = recipe("test")
    assert "cargo test" in rust
    chosen = [re.findall(r"-m (\w+|\".+\")$", part)[0].strip('"') for part in parts]
    assert chosen == ["not alone", "alone"]
    assert ["--numprocesses" in part for part in parts] == [True, False]


def test_old_python_is_refused_in_one_line(tmp_path):
    """Where no interpreter is new enough, one line says so, and no environment is made."""
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", ROOT / "scripts/make_environment.sh"],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "3.11" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_tools_are_pinned():
    """Every tool is pinned to one version, so that a check passes tomorrow as it does today."""
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert lines
        assert [
            line for line in lines if not re.fullmatch(r"[\w-]+(\[\w+\])?==[\w.]+(; sys_platform .+)?", line)
        ] == [], file.name


def test_one_version_everywhere():
    """The version stands in Cargo.toml alone; the wheel takes it from there, and the pinned local model fits its extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    (extra,) = project["optional-dependencies"]["local"]
    pinned = (ROOT / "requirements/local.txt").read_text().split("==")[1].strip()
    lowest = extra.split(">=")[1]
    assert [int(part) for part in pinned.split(".")] >= [int(part) for part in lowest.split(".")]


def test_the_extra_for_opentelemetry():
    """What the extra `otel` needs is the interface alone, and the pinned SDK of the tests fits it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (extra,) = project["optional-dependencies"]["otel"]
    name, lowest = extra.split(">=")
    assert name == "opentelemetry-api"
    (pinned,) = re.findall(r"^opentelemetry-sdk==(.+)$", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE)
    assert [int(part) for part in pinned.split(".")] >= [int(part) for part in lowest.split(".")]
