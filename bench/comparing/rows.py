"""The rows of the table: which program runs each, what is read from it, and what it is held against. And the sweeps,
which ask how a cost grows: rows of one kind with a number that changes."""

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
    "timer_1000": "arm",
    "timer_1000000": "arm",
    "select_after": "arm",
    "parked": "parked",
    "latency": "latency",
    "nqueens": "nqueens",
    "matmul": "matmul",
    "sha256tree": "sha256tree",
}

ALONE = range(1, 2)
WITH_OTHERS = range(2, 257)

FIGURES = [
    Figure("spawn and join", "spawn_join", of_go=0.20),
    Figure("skynet, 1M leaves", "skynet", unit="ms", of_go=0.25),  # ns a leaf are ms a million leaves
    Figure("- peak memory", "skynet", unit="MiB", key="peak_mib", at_most=32),
    Figure("ping-pong", "ping_pong", of_go=0.20, of_one_worker=1.3),
    Figure("channel 1:1", "spsc", of_go=0.40),
    Figure("channel 4:4", "mpmc", of_go=0.40),
    Figure("select of 2", "select_2", of_go=0.35),
    Figure("select of 4", "select_4", of_go=0.35),
    Figure("mutex, 8", "mutex", of_go=0.50),
    Figure("yield, 2", "yield_2", of_go=0.25, workers=ALONE),
    Figure("yield, 1000", "yield_1000", of_go=0.15),
    Figure("fib(27)", "fib", of_go=0.15, below="tbb"),
    Figure("nqueens(12), a queen", "nqueens"),
    Figure("matrix product, 256", "matmul", unit="ms", scale=1e-6),
    Figure("sha256tree, /usr/include", "sha256tree", unit="ms", scale=1e-6),
    Figure("prime sieve, 1000", "sieve", unit="ms", scale=1e-6, of_go=0.35),
    Figure("release 10,000", "fanout", of_go=0.30),
    Figure("100,000 sleepers", "timers", unit="ms", scale=1e-6, of_go=0.50),
    Figure("- processor time", "timers", unit="s", key="cpu_s"),
    Figure("- latest wake-up", "timers", unit="ms", key="latest_ms"),
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


@dataclass(frozen=True)
class Sweep:
    """How a cost grows with one number: one line of points a contestant."""

    name: str
    title: str
    axis: str  # what the number counts
    points: dict  # from the number to (row, workers)
    unit: str = "ns"
    scale: float = 1.0


THOUSAND_TO_MILLION = (1_000, 10_000, 100_000, 1_000_000)


def by_number(kind, numbers):
    return {n: (f"{kind}_{n}", 1) for n in numbers}


def by_workers(row):
    return {n: (row, n) for n in (1, 2, 3, 4)}


SWEEPS = [
    Sweep("spawn", "Start and join, by the number of goroutines", "goroutines", by_number("spawn", THOUSAND_TO_MILLION)),
    Sweep("park", "Start, park, release, join, by the number of goroutines", "goroutines", by_number("park", THOUSAND_TO_MILLION)),
    Sweep("cases", "A message by select, by the number of cases", "cases", by_number("cases", (2, 4, 8, 16, 32, 64))),
    Sweep("timers", "Arm a call and stop it, by the number that are pending", "timers", by_number("call", THOUSAND_TO_MILLION)),
    Sweep("nqueens", "nqueens(12): a queen, by workers", "workers", by_workers("nqueens")),
    Sweep("matmul", "Matrix product, by workers", "workers", by_workers("matmul"), unit="ms", scale=1e-6),
    Sweep("channel", "Four producers and four consumers: an element, by workers", "workers", by_workers("mpmc")),
]
SWEEP_PROGRAMS = {"spawn": "crowd", "park": "crowd", "cases": "cases", "call": "arm"}
SWEEP_ROUNDS = 3  # at most: points of a line that says how it runs, not a figure to be held against another


def program_of(row):
    return PROGRAMS.get(row) or SWEEP_PROGRAMS[row.rsplit("_", 1)[0]]


def jobs(chosen_rows, workers, sweeps):
    """What a round runs, as {(row, workers): how many rounds it takes part in}; None: in all."""
    wanted = {}
    for row in chosen_rows:
        for n in workers:
            if any(f.row == row and n in f.workers for f in FIGURES):
                wanted[row, n] = None
    for sweep in sweeps:
        for job in sweep.points.values():
            wanted.setdefault(job, SWEEP_ROUNDS)
    return wanted
