#!/usr/bin/env python3
"""Draws a trace file of gofer's flight recorder as an SVG picture: workers as tracks, goroutines as slices, starts and
wake-ups from one track to another as arrows.      18_trace.py TRACE.json > 18_trace.svg"""
import json
import sys
from html import escape

WIDTH, LEFT, ROW, GAP = 1000, 130, 34, 46
COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#e15759", "#76b7b2", "#edc948", "#9c755f"]


def read(path):
    """Tracks {id: name}, slices [(track, begin, end, name)], arrows [(from track, time, to track, time)], thefts."""
    tracks, open_slices, slices, tails, arrows, thefts = {}, {}, [], {}, [], []
    with open(path, encoding="utf-8") as file:
        for event in json.load(file)["traceEvents"]:
            phase, track = event["ph"], event.get("tid")
            if phase == "M" and event["name"] == "thread_name":
                tracks[track] = event["args"]["name"]
            elif phase == "B":
                open_slices[track] = (event["ts"], event["name"])
            elif phase == "E":
                begin, name = open_slices.pop(track)
                slices.append((track, begin, event["ts"], name))
            elif phase == "s":
                tails[event["id"]] = (track, event["ts"])
            elif phase == "f":
                arrows.append((*tails.pop(event["id"]), track, event["ts"]))
            elif phase == "i":
                thefts.append((track, event["ts"], event["name"]))
    return dict(sorted(tracks.items())), slices, arrows, thefts


def draw(tracks, slices, arrows, thefts):
    end = max(s[2] for s in slices)
    x = lambda time: LEFT + (WIDTH - LEFT - 10) * time / end
    top = {track: 14 + i * (ROW + GAP) for i, track in enumerate(tracks)}
    names = sorted({s[3].rsplit(" (", 1)[0] for s in slices})
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    bottom = 14 + len(tracks) * (ROW + GAP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 44}" '
           f'viewBox="0 0 {WIDTH} {bottom + 44}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           '<marker id="head" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="5" markerHeight="5" orient="auto">'
           '<path d="M0 0L6 3L0 6z" fill="#444444"/></marker>']
    for track, name in tracks.items():
        out.append(f'<text x="6" y="{top[track] + ROW / 2 + 4}" fill="#222222">{escape(name)}</text>')
        out.append(f'<rect x="{LEFT}" y="{top[track]}" width="{WIDTH - LEFT - 10}" height="{ROW}" fill="#f0f0f0"/>')
    for track, begin, finish, name in slices:
        width = max(x(finish) - x(begin), 0.4)
        out.append(f'<rect x="{x(begin):.1f}" y="{top[track]}" width="{width:.1f}" height="{ROW}" '
                   f'fill="{colour[name.rsplit(" (", 1)[0]]}"><title>{escape(name)}: {finish - begin:.1f} us</title></rect>')
    for source, tail, target, head in arrows:
        if source == target:
            continue
        down = top[target] > top[source]
        y1, y2 = top[source] + (ROW if down else 0), top[target] + (0 if down else ROW)
        out.append(f'<line x1="{x(tail):.1f}" y1="{y1}" x2="{x(head):.1f}" y2="{y2}" stroke="#444444" '
                   'stroke-width="0.8" marker-end="url(#head)"/>')
    for track, time, name in thefts:
        out.append(f'<path d="M{x(time):.1f} {top[track] + ROW}l-4 8h8z" fill="#c00000"><title>{escape(name)}</title></path>')
    for i in range(6):
        time = end * i / 5
        out.append(f'<text x="{x(time):.1f}" y="{bottom}" text-anchor="{"end" if i == 5 else "middle"}" '
                   f'fill="#555555">{time:.0f} us</text>')
    at = LEFT
    for name in names:
        out.append(f'<rect x="{at}" y="{bottom + 18}" width="12" height="12" fill="{colour[name]}"/>'
                   f'<text x="{at + 17}" y="{bottom + 28}" fill="#222222">{escape(name)}</text>')
        at += 45 + 7 * len(name)
    if thefts:
        out.append(f'<path d="M{at + 6} {bottom + 20}l-4 8h8z" fill="#c00000"/>'
                   f'<text x="{at + 17}" y="{bottom + 28}" fill="#222222">takes from another worker</text>')
    return "\n".join([*out, "</svg>"])


if __name__ == "__main__":
    print(draw(*read(sys.argv[1])))
