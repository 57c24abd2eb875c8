"""Draws the plots as SVG, with nothing but Python: what each peer takes in gofer's stead, and a chart a sweep. All on
logarithmic scales."""

import math
from html import escape

from comparing.contestants import TITLES

COLOURS = {
    "gofer": "#0b5fa5",
    "go": "#d1495b",
    "std": "#6b6b6b",
    "fiber": "#e08e0b",
    "tbb": "#3a8f4d",
    "shell": "#7b4fa3",
}
FONT = 'font-family="DejaVu Sans, Verdana, sans-serif"'


class Picture:
    """Shapes, and at the end a file."""

    def __init__(self, width, height):
        self.width = width
        self.height = height
        self.shapes = []

    def line(self, x1, y1, x2, y2, colour="#dddddd", width=1):
        self.shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"/>'
        )

    def text(self, x, y, words, anchor="start", size=12, colour="#222222", turned=False):
        turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {FONT} '
            f'fill="{colour}"{turn}>{escape(words)}</text>'
        )

    def dot(self, x, y, colour):
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" fill-opacity="0.85"/>')

    def path(self, points, colour):
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.shapes.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')

    def save(self, file):
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}">\n<rect width="100%" height="100%" fill="#ffffff"/>'
        )
        file.write_text("\n".join([head, *self.shapes, "</svg>"]) + "\n")


class Scale:
    """Logarithmic, from values to pixels, with a mark at 1, 2 and 5 of each power of ten, or at each power alone."""

    def __init__(self, values, start, end):
        self.low = math.log10(min(values)) - 0.06
        self.high = math.log10(max(values)) + 0.06
        if self.high - self.low < 0.5:
            self.low, self.high = self.low - 0.2, self.high + 0.2
        self.start = start
        self.end = end

    def __call__(self, value):
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def marks(self):
        steps = (1, 2, 5) if self.high - self.low < 3 else (1,)
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        found = [step * 10.0**power for power in powers for step in steps]
        return [value for value in found if self.low <= math.log10(value) <= self.high]


def plain(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def legend(picture, names, x, y):
    for name in names:
        picture.dot(x, y - 4, COLOURS[name])
        picture.text(x + 9, y, TITLES[name])
        x += 26 + 7.5 * len(TITLES[name])


def made_by(picture, about):
    words = ", ".join(str(about[key]) for key in ("processor", "system", "compiler", "go") if key in about)
    picture.text(10, picture.height - 8, f"bench/compare on {words}", size=9, colour="#777777")


def rows_chart(found, workers, file):
    """A line a row: how many times gofer's cost each peer has."""
    rows = []
    for figure in found["figures"]:
        ratios = {peer: 1 / ratio for peer, ratio in figure["ratios"].items() if ratio}
        if figure["workers"] == workers and figure["key"] == "time" and ratios:
            rows.append((figure["title"].removeprefix("- "), ratios))  # in the table a part of the row above it
    if not rows:
        return
    picture = Picture(860, 96 + 22 * len(rows))
    top, bottom, left = 62, picture.height - 40, 230
    x = Scale([1.0, *[v for _, ratios in rows for v in ratios.values()]], left, picture.width - 20)
    words = "one worker" if workers == 1 else f"{workers} workers"
    picture.text(10, 20, f"Time as a multiple of gofer's, {words} (logarithmic; right of 1 is slower)", size=14)
    for mark in x.marks():
        picture.line(x(mark), top - 8, x(mark), bottom)
        picture.text(x(mark), bottom + 15, plain(mark), "middle", 11, "#555555")
    picture.line(x(1), top - 8, x(1), bottom, COLOURS["gofer"], 2)
    for i, (title, ratios) in enumerate(rows):
        y = top + 22 * i + 6
        picture.line(left, y, picture.width - 20, y, "#f0f0f0")
        picture.text(left - 10, y + 4, title, "end")
        picture.dot(x(1), y, COLOURS["gofer"])
        for peer, ratio in ratios.items():
            picture.dot(x(ratio), y, COLOURS[peer])
    shown = {peer for _, ratios in rows for peer in ratios}
    legend(picture, ["gofer", *[name for name in TITLES if name in shown]], left, 42)
    made_by(picture, found["about"])
    picture.save(file)


def sweep_chart(sweep, about, file):
    """Cost against a number, a line a contestant."""
    series = sweep["series"]
    points = [point for line in series.values() for point in line]
    if not points:
        return
    picture = Picture(640, 400)
    left, right, top, bottom = 70, 620, 66, 330
    x = Scale([n for n, _ in points], left, right)
    y = Scale([cost for _, cost in points], bottom, top)
    picture.text(10, 20, sweep["title"], size=14)
    for mark in y.marks():
        picture.line(left, y(mark), right, y(mark))
        picture.text(left - 8, y(mark) + 4, plain(mark), "end", 11, "#555555")
    for mark in sorted({n for n, _ in points}):
        picture.line(x(mark), top, x(mark), bottom, "#eeeeee")
        picture.text(x(mark), bottom + 16, f"{mark:,}", "middle", 11, "#555555")
    for name, line in series.items():
        path = [(x(n), y(cost)) for n, cost in line]
        picture.path(path, COLOURS[name])
        for at in path:
            picture.dot(*at, COLOURS[name])
    picture.text((left + right) / 2, bottom + 36, sweep["axis"], "middle")
    picture.text(18, (top + bottom) / 2, sweep["unit"], "middle", turned=True)
    legend(picture, list(series), left, 46)
    made_by(picture, about)
    picture.save(file)


def draw(found, folder):
    """Writes rows-N.svg for each number of workers, and one file a sweep; 0, as an exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    for workers in sorted({figure["workers"] for figure in found["figures"]}):
        rows_chart(found, workers, folder / f"rows-{workers}.svg")
    for sweep in found["sweeps"]:
        sweep_chart(sweep, found["about"], folder / f"{sweep['name']}.svg")
    return 0
