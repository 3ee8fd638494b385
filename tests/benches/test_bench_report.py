"""The benchmarks' tables, bounds and page."""

import json
import re
from pathlib import Path

import bench_bounds
import bench_publish
import bench_report
import bench_samples
import bench_tables
import pytest
from bench_contestants import ALL, BY_NAME, OURS, RAW
from bench_environments import PEERS
from bench_jobs import BY_GROUP
from bench_plan import FULL, QUICK, TINY
from bench_rounds import last_word
from bench_sections import all_tables
from bench_starts import code
from bench_tables import Column, Row, Table

FACTS = {"plan": "tiny", "seconds": 3.0, "seconds_before": 60.0, "machine": {"cores": "2"}}
PAGE = Path(bench_publish.__file__).resolve().parents[1] / "docs" / "performance.md"


@pytest.fixture
def samples():
    found = bench_samples.Samples()
    for value in (0.7, 0.9, 0.75):
        found.add_all("burst sync", OURS, {"events-1000": {"cpu": value, "wall": 2.0}})
    found.add_all("burst sync", "openai", {"events-1000": {"cpu": 75.0}})
    found.add_all("burst sync provider", OURS, {"cpu": 9.0})
    found.versions[OURS] = "alchemy 9"
    return found


def test_numbers_are_kept_under_the_words_that_lead_to_them():
    """Nested objects are flattened; words and None are no figures."""
    found = bench_samples.Samples()
    found.add_all("threads one", "x", {"paced": {"late_ms": {"p50": 1, "p99": None}, "name": "y"}, "ok": True})
    assert found.values == {"threads one paced late_ms p50": {"x": [1.0]}}
    assert found.median("threads one paced late_ms p50", "nobody") is None


def test_a_cell_has_the_median_and_the_spread(samples):
    """One round has no spread; what was not measured is a dash."""
    row = Row("alchemy", OURS, "burst sync")
    assert bench_tables.cell(row, Column("", "events-1000 cpu"), samples) == "0.75 (0.70-0.90)"
    assert bench_tables.cell(row, Column("", "events-1000 wall", plain=True), samples) == "2"
    assert bench_tables.cell(row, Column("", "events-7 cpu"), samples) == "-"
    other = Row("openai", "openai", "burst sync")
    assert bench_tables.cell(other, Column("", "events-1000 cpu", ratio=True), samples) == "100.0x"
    assert [bench_tables.digits(value) for value in (0.0312, 0.312, 9.99, 99.94, 1234.5)] == [
        "0.031",
        "0.31",
        "9.99",
        "99.9",
        "1,234",
    ]


def test_a_table_leaves_out_who_and_what_was_not_measured(samples):
    """The bound is the last column, and there only where there is one."""
    columns = (Column("cost", "events-1000 cpu"), Column("nothing", "events-7 cpu"))
    rows = tuple(Row(name, name, "burst sync") for name in ("litellm", "openai", OURS))
    table = Table("x", "X", "", columns, rows)
    lines = bench_tables.cells(table, samples)
    assert lines == [
        ["", "cost", "alchemy's bound"],
        ["openai", "75.0", ""],
        ["alchemy", "0.75 (0.70-0.90)", "0.845 kept"],
    ]
    assert bench_tables.markdown(lines).splitlines()[1] == "| --- | ---: | ---: |"
    assert len({len(line) for line in bench_tables.plain(lines).splitlines()[:2]}) == 1
    assert bench_tables.cells(Table("x", "X", "", columns, rows[:1]), samples) == []
    assert bench_tables.cells(Table("x", "X", "", columns, rows[:2]), samples)[0] == ["", "cost"]


def test_a_bound_is_kept_or_over(samples):
    """The provider's own figures, and those of others, are held to none."""
    (bound,) = bench_bounds.all_bounds(samples)
    assert (bound.limit, bound.value, bound.kept, str(bound)) == (pytest.approx(0.845), 0.75, True, "0.845 kept")
    for _ in range(3):
        samples.add("burst sync events-1000 cpu", OURS, 1.2)
    (bound,) = bench_bounds.all_bounds(samples)
    assert str(bound) == "0.845 OVER"


def test_bounds_that_depend_on_other_figures():
    """One stream is held to the raw reader, another protocol to its bytes, the wall time to the seconds it must take."""
    found = bench_samples.Samples()
    single = "concurrency 1 paced late_ms p50"
    assert bench_bounds.limit_of(single, found) is None
    found.add(single, RAW, 0.1)
    assert bench_bounds.limit_of(single, found) == pytest.approx(0.15)
    for api, size in (("openai-completions", 300.0), ("google-generative-ai", 450.0), ("anthropic-messages", 150.0)):
        found.add(f"protocols {api} sync bytes", OURS, size)
    assert bench_bounds.limit_of("protocols google-generative-ai async events-10000 cpu", found) == pytest.approx(1.5)
    assert bench_bounds.limit_of("protocols anthropic-messages sync events-10000 cpu", found) == 0.8
    assert bench_bounds.limit_of("protocols google-generative-ai sync request cpu", found) == 45
    assert bench_bounds.limit_of("burst async events-1000000 cpu", found) == 1.0
    assert bench_bounds.limit_of("burst async events-1000 cpu", found) == pytest.approx(1.065)
    assert bench_bounds.limit_of("concurrency 1000 paced wall", found) == 4.1
    assert bench_bounds.limit_of("awake async request cpu", found) == 65
    assert bench_bounds.limit_of("awake 1000 paced cpu", found) == 8
    assert bench_bounds.limit_of("concurrency 1000 paced wall", found, ideal=1.0) == pytest.approx(1.1)


def test_growth_is_the_last_event_over_the_first():
    """A cost that grows with the stream is over its bound."""
    found = bench_samples.Samples()
    found.add("burst sync events-10000 cpu", OURS, 1.0)
    found.add("burst sync events-1000000 cpu", OURS, 2.0)
    (bound,) = bench_bounds.growth(found)
    assert (bound.value, bound.kept) == (2.0, False)
    assert bench_report.growth_lines(found) == [f"{bound.measure}: 2.00 times (1.1 OVER)"]


def test_a_page_takes_text_between_its_markers():
    """What stands around the markers stays; a page without them is refused, and so is one with two."""
    page = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n"
    new = bench_publish.between(page, "x", "new")
    assert new == "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n"
    assert bench_publish.between(new, "x", "new") == new
    for wrong in ("", page + page, "<!-- end x --><!-- begin x -->"):
        with pytest.raises(ValueError, match="begin x"):
            bench_publish.between(wrong, "x", "new")


def test_the_page_has_a_place_for_every_table(samples):
    """Publishing a whole run leaves no table out, and says so of one that it would."""
    for kind, counts in (
        ("concurrency", FULL.pieces.paced["fast"]),
        ("free", FULL.pieces.free),
        ("awake", FULL.pieces.free),
        ("tls", FULL.pieces.free),
    ):
        for piece in counts:
            samples.add(f"{kind} {piece.split('x')[0]} paced cpu", OURS, 1.0)
    page = PAGE.read_text(encoding="utf-8")
    names = {table.name for table in all_tables(samples)}
    assert set(re.findall(r"<!-- begin ([\w-]+) -->", page)) == names | {"notes"}
    found = bench_report.document(samples, FACTS)
    filled, missing = bench_publish.filled_page(page, samples, found)
    assert missing == []
    assert "0.75 (0.70-0.90)" in filled
    assert bench_publish.filled_page("<!-- begin notes --><!-- end notes -->", samples, found)[1][0] == "burst-sync"


def test_figures_survive_a_file(samples, tmp_path):
    """A run can be reported again from what it wrote."""
    found = bench_report.document(samples, FACTS)
    path = tmp_path / "latest.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    again, document = bench_report.read(path)
    assert again == samples
    assert document == found
    assert bench_report.text(again, document) == bench_report.text(samples, found)
    assert "counted: 60 s" in bench_report.page(samples, found)


def test_alchemy_failing_is_told_apart():
    """Others may be left out; alchemy may not."""
    found = bench_samples.Samples(notes=["litellm left out of 'burst sync': x", "alchemy left out of 'tls sync': y"])
    assert bench_report.failures(found) == ["alchemy left out of 'tls sync': y"]
    assert last_word("Traceback\n  File\nopenai.NotFoundError: no\nUnclosed session\n", 1) == "openai.NotFoundError: no"
    assert last_word("just this\n", 1) == "just this"
    assert last_word("", 3) == "exit code 3"


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_who_takes_part_has_all_that_it_needs(one):
    """A pinned list, a script, and programs that are Python."""
    lines = (PEERS / f"{one.environment}.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line) for line in lines)
    assert (Path(bench_publish.__file__).parent / "clients" / one.script).exists()
    for program in code(one, "http://127.0.0.1:1") if one.ready else ():
        compile(program, one.name, "exec")


@pytest.mark.parametrize("plan", [FULL, QUICK, TINY], ids=lambda plan: plan.name)
def test_alchemy_is_in_every_measure(plan):
    """Every measure has alchemy's processes, in the modes that it has, and no process without work."""
    for name, group in BY_GROUP.items():
        jobs = list(group(plan, list(ALL)))
        if name != "free" or plan.pieces.free:
            assert any(job.contestant.name.partition(",")[0] == OURS for job in jobs), name
        assert all(len(job.arguments) > 2 and job.rounds > 0 for job in jobs), name
        for job in jobs:
            modes = BY_NAME[job.contestant.name.partition(",")[0]].modes
            assert job.arguments[0] in (*modes, "both" if len(modes) > 1 else ""), name
