"""Draws a run's figures as SVG: `bench_plots.py latest.json FOLDER`, in an environment that has matplotlib."""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

# Letters stay letters, and the same figures make the same file.
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "alchemy", "font.family": "sans-serif"})

Samples = dict[str, dict[str, list[float]]]
OURS = "#c2410c"
OTHERS = "#64748b"
LIGHT = "#cbd5e1"
LATE = "late_ms p99"


def median(samples: Samples, measure: str, name: str) -> float | None:
    """The middle of the rounds."""
    values = samples.get(measure, {}).get(name)
    return statistics.median(values) if values else None


def label_of(value: float) -> str:
    """A figure beside its bar."""
    return (f"{value:,.0f}" if value >= 100 else f"{value:.3g}") if value else ""


def save(figure: Any, path: Path) -> None:
    """Writes a figure without the time of its making."""
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def bars(samples: Samples, measures: dict[str, str], label: str, path: Path) -> None:
    """Bars from the cheapest to the dearest, one colour a measure, on a scale of powers of ten."""
    first = next(iter(measures))
    names = {name for measure in measures for name in samples.get(measure, {})}
    shown = {name: figure for name in names if (figure := _any(samples, measures, name)) is not None}
    ordered = sorted(shown, key=lambda name: shown[name], reverse=True)
    if not ordered:
        return
    figure, axes = plt.subplots(figsize=(8, 0.45 * len(ordered) + 1.2))
    height = 0.8 / len(measures)
    for index, (measure, legend) in enumerate(measures.items()):
        values = [median(samples, measure, name) or 0 for name in ordered]
        places = [place + (len(measures) / 2 - index - 0.5) * height for place in range(len(ordered))]
        strong = measure == first
        colours = [(OURS if name == "alchemy" else OTHERS) if strong else LIGHT for name in ordered]
        drawn = axes.barh(places, values, height, color=colours, label=legend)
        axes.bar_label(drawn, [label_of(value) for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(ordered)), ordered)
    axes.set_xscale("log")
    axes.set_xlabel(label)
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    if len(measures) > 1:
        axes.legend(frameon=False, loc="upper right")
    save(figure, path)


def _any(samples: Samples, measures: dict[str, str], name: str) -> float | None:
    found = [value for measure in measures if (value := median(samples, measure, name)) is not None]
    return found[0] if found else None


def lines(curves: dict[str, dict[int, float]], labels: tuple[str, str], path: Path, *, log: bool) -> None:
    """A curve a name over numbers that grow."""
    curves = {name: points for name, points in curves.items() if len(points) > 1}
    if not curves:
        return
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for name, points in curves.items():
        ours = name.startswith("alchemy")
        axes.plot(
            sorted(points),
            [points[at] for at in sorted(points)],
            marker="o",
            markersize=4,
            linewidth=2.4 if ours else 1.2,
            color=OURS if ours else None,
            linestyle="--" if name.endswith("uvloop") else "-",
            label=name,
        )
    axes.set_xscale("log")
    every = sorted({at for points in curves.values() for at in points})
    axes.set_xticks(every, [f"{at:,}" for at in every])
    axes.minorticks_off()
    if log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    save(figure, path)


def curves(samples: Samples, before: str, after: str) -> dict[str, dict[int, float]]:
    """By name, the medians of measures that differ in one number, which stands between two texts."""
    found: dict[str, dict[int, float]] = {}
    for measure, names in samples.items():
        middle = measure.removeprefix(before).removesuffix(after)
        if measure == f"{before}{middle}{after}" and middle.isdecimal():
            for name, values in names.items():
                found.setdefault(name, {})[int(middle)] = statistics.median(values)
    return found


def main() -> None:
    """Draws all plots that there are figures for."""
    samples: Samples = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["samples"]
    folder = Path(sys.argv[2])
    both = {"burst sync events-1000 cpu": "sync", "burst async events-1000 cpu": "async"}
    bars(samples, both, "CPU microseconds an event, one fast stream of 1,000", folder / "events.svg")
    both = {"burst sync request cpu": "sync", "burst async request cpu": "async"}
    bars(samples, both, "CPU microseconds a request", folder / "requests.svg")
    both = {"start answer wall": "first answer", "start import wall": "import"}
    bars(samples, both, "milliseconds of a fresh process", folder / "start.svg")
    cost = {
        name: points
        for name, points in curves(samples, "burst sync events-", " cpu").items()
        if name in ("alchemy", "hand-written", "pyreqwest", "httpx")
    }
    lines(cost, ("events in a stream", "CPU microseconds an event"), folder / "growth.svg", log=True)
    streams = "paced streams, one core"
    cost = curves(samples, "concurrency ", " paced cpu")
    lines(cost, (streams, "CPU microseconds an event"), folder / "paced-cpu.svg", log=True)
    late = curves(samples, "concurrency ", f" paced {LATE}")
    lines(late, (streams, "99th percentile of lateness, milliseconds"), folder / "paced-late.svg", log=True)


if __name__ == "__main__":
    main()
