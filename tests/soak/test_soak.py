"""Twenty seconds of faults at random: every outcome is true, every call ends in time, and nothing grows."""

import subprocess
import sys
from pathlib import Path

import pytest
import soak_page


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.timeout(240)
def test_twenty_seconds_of_the_soak():
    """The short form of `make soak`."""
    program = [sys.executable, str(Path(__file__).parent / "soak.py"), "--seconds", "20"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    calls = next(line for line in done.stdout.splitlines() if line.startswith("| calls |"))
    assert int(calls.split("|")[2].replace(",", "")) > 200


def test_the_page_has_a_place_for_the_figures(monkeypatch, tmp_path):
    """`--publish` puts tables between the marks, in the place of those before, and touches nothing else."""
    page = tmp_path / "page.md"
    page.write_text(soak_page.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    before, _, rest = page.read_text(encoding="utf-8").partition(soak_page.BEGIN)
    _, _, after = rest.partition(soak_page.END)
    monkeypatch.setattr(soak_page, "PAGE", page)
    for title in ("One.", "Two."):
        soak_page.publish(title, "| figures |", "| outcomes |", "| faults |")
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"{before}{soak_page.BEGIN}\nTwo.\n\n| figures |\n\n| outcomes |\n")
    assert text.endswith(f"| faults |\n\n</details>\n\n{soak_page.END}{after}")
    assert "One." not in text
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        soak_page.publish("Three.", "", "", "")
