"""The rows of the table: which program runs each, what is read from it, and what it is held against."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table. Several may be read from one row, which then runs once for all of them."""

    title: str
    row: str
    unit: str = "ns"
    key: str = "time"  # "time": of one operation in ns; else the name of a counter
    scale: float = 1.0  # from what is read to the unit
    of_go: float | None = None  # target: at most this share of what Go takes with as many workers
    at_most: float | None = None  # target: an absolute limit, in the unit
    of_one_worker: float | None = None  # target: several workers take at most this much of what one takes
    below: str | None = None  # target: not above this peer, where it is there
    workers: range = range(1, 257)  # numbers of workers with which it means something


PROGRAMS = {
    "spawn_join": "spawn_join",
    "skynet": "skynet",
    "ping_pong": "ping_pong",
    "spsc": "channel",
    "mpmc": "channel",
    "select_2": "select",
    "select_4": "select",
    "mutex": "mutex",
    "yield_2": "yield",
    "yield_1000": "yield",
    "fib": "fib",
    "sieve": "sieve",
    "fanout": "fanout",
    "timers": "timers",
    "call_1000": "arm",
    "call_1000000": "arm",
    "timer_1000": "arm",
    "timer_1000000": "arm",
    "select_after": "arm",
    "parked": "parked",
    "latency": "latency",
}

ALONE = range(1, 2)
WITH_OTHERS = range(2, 257)

FIGURES = [
    Figure("spawn and join", "spawn_join", of_go=0.20),
    Figure("skynet, 1M leaves", "skynet", unit="ms", of_go=0.25),  # ns a leaf are ms a million leaves
    Figure("ping-pong", "ping_pong", of_go=0.20, of_one_worker=1.3),
    Figure("channel 1:1", "spsc", of_go=0.40),
    Figure("channel 4:4", "mpmc", of_go=0.40),
    Figure("select of 2", "select_2", of_go=0.35),
    Figure("select of 4", "select_4", of_go=0.35),
    Figure("mutex, 8", "mutex", of_go=0.50),
    Figure("yield, 2", "yield_2", of_go=0.25, workers=ALONE),
    Figure("yield, 1000", "yield_1000", of_go=0.15),
    Figure("fib(27)", "fib", of_go=0.15, below="tbb"),
    Figure("prime sieve, 1000", "sieve", unit="ms", scale=1e-6, of_go=0.35),
    Figure("release 10,000", "fanout", of_go=0.30),
    Figure("100,000 sleepers", "timers", unit="ms", scale=1e-6, of_go=0.50),
    Figure("- processor time", "timers", unit="s", key="cpu_s"),
    Figure("- latest wake-up", "timers", unit="ms", key="latest_ms"),
    Figure("after_func and stop, 1,000 pending", "call_1000"),
    Figure("- 1M pending", "call_1000000"),
    Figure("Timer and stop, 1,000 pending", "timer_1000"),
    Figure("- 1M pending", "timer_1000000"),
    Figure("select with after", "select_after"),
    Figure("parked, 1M, each", "parked", unit="B", key="bytes", at_most=4700),
    Figure("- second million", "parked", unit="B", key="bytes_again"),
    Figure("- start and park", "parked"),
    Figure("wake latency, p99", "latency", "us", "p99", scale=1e-3, at_most=100, workers=WITH_OTHERS),
    Figure("- p50", "latency", unit="us", key="p50", scale=1e-3, workers=WITH_OTHERS),
    Figure("- p99.9", "latency", unit="us", key="p999", scale=1e-3, workers=WITH_OTHERS),
]


def means_something(row, workers):
    """Whether any figure of this row is defined for this number of workers."""
    return any(f.row == row and workers in f.workers for f in FIGURES)
