"""Prints the table and the sweeps, and makes JSON of them."""

import os
import platform

from comparing.contestants import TITLES
from comparing.results import verdicts
from comparing.rows import FIGURES


def number(value):
    """Three digits that count; whole numbers from a hundred on."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 1 else f"{value:.1f}"


def own(spread):
    return "-" if spread is None else f"{number(spread[0])} ({number(spread[1])} to {number(spread[2])})"


def share(ratio):
    return "-" if ratio is None else f"{ratio:.2f}" if ratio >= 0.095 else f"{ratio:.3f}"


def judged(found):
    if not found:
        return ""
    return "; ".join(f"{'met' if met else 'MISSED'}: {text}, is {plain(v)}" for text, v, met in found)


def plain(value):
    """A ratio or a figure of an absolute limit."""
    return share(value) if value < 50 else number(value)


def line(results, figure, workers, peers):
    cells = [figure.title, str(workers), figure.unit]
    if workers not in figure.workers:
        return [*cells, "n/a", *[""] * (2 * len(peers)), ""]
    medians = [results.spread(figure, workers, peer) for peer in peers]
    cells.append(own(results.spread(figure, workers, "gofer")))
    cells += ["-" if m is None else number(m[0]) for m in medians]
    cells += [share(results.ratio(figure, workers, peer)) for peer in peers]
    return [*cells, judged(verdicts(results, figure, workers))]


def table(results, rows, workers, peers):
    head = ["work", "w", "unit", "gofer, median (least to greatest)", *[TITLES[p] for p in peers]]
    head += [f"/{TITLES[p]}" for p in peers] + ["target"]
    lines = [head]
    for figure in FIGURES:
        if figure.row in rows:
            lines += [line(results, figure, n, peers) for n in workers]
    widths = [max(len(row[i]) for row in lines) for i in range(len(head))]
    left = {0, len(head) - 1}
    for row in lines:
        cells = [c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        yield "  ".join(cells).rstrip()


def machine():
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            model = next(text.split(":", 1)[1].strip() for text in info if text.startswith("model name"))
    except (OSError, StopIteration):
        pass
    model = f"{len(os.sched_getaffinity(0))} CPUs, {model}"
    return {"processor": model, "system": f"{platform.system()} {platform.release()}"}


def sweep_lines(results, sweeps, peers):
    """A table for each sweep: a line a contestant, a column a point."""
    for sweep in sweeps:
        yield f"{sweep.title}, {sweep.unit}"
        lines = [["  " + sweep.axis, *[f"{x:,}" for x in sweep.points], "last / first"]]
        for who in ("gofer", *peers):
            found = [results.at(sweep, job, who) for job in sweep.points.values()]
            if any(v is not None for v in found):
                growth = found[-1] / found[0] if found[0] and found[-1] else None
                lines.append(["  " + TITLES[who], *[number(v) for v in found], share(growth)])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        for line in lines:
            yield "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths)))
        yield ""


def collected(results, rows, workers, peers, about, sweeps):
    """All figures, as what the JSON file holds and the plots are drawn from."""
    entries = []
    for figure in (f for f in FIGURES if f.row in rows):
        for n in (n for n in workers if n in figure.workers):
            values = {who: results.values(figure, n, who) for who in ("gofer", *peers)}
            entries.append(
                {
                    "row": figure.row,
                    "title": figure.title,
                    "unit": figure.unit,
                    "key": figure.key,
                    "workers": n,
                    "values": {who: found for who, found in values.items() if found},
                    "ratios": {peer: results.ratio(figure, n, peer) for peer in peers},
                    "targets": [
                        {"says": text, "is": value, "met": met}
                        for text, value, met in verdicts(results, figure, n)
                    ],
                }
            )
    lines = []
    for sweep in sweeps:
        series = {}
        for who in ("gofer", *peers):
            points = [[x, results.at(sweep, job, who)] for x, job in sweep.points.items()]
            series[who] = [point for point in points if point[1] is not None]
        lines.append(
            {
                "name": sweep.name,
                "title": sweep.title,
                "axis": sweep.axis,
                "unit": sweep.unit,
                "series": {who: points for who, points in series.items() if points},
            }
        )
    return {
        "about": about,
        "figures": entries,
        "sweeps": lines,
        "failures": [str(f) for f in results.failures],
    }
