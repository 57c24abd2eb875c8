"""Who runs: gofer and its peers. Each makes a command for a row and reads what the command prints."""

import json
import os
import shutil
import subprocess
import sys

from comparing.rows import PROGRAMS

TITLES = {"gofer": "gofer", "go": "Go", "std": "std::thread", "fiber": "Boost.Fiber", "tbb": "oneTBB"}
TIME_LIMIT = 180  # seconds; a run that takes longer hangs


class Failed(Exception):
    """A run that gave no figure; the text says why."""


class Benchmark:
    """gofer or a C++ peer: a program of Google Benchmark, built by CMake."""

    def __init__(self, name, directory):
        self.name = name
        self.directory = directory
        self.suffix = "" if name == "gofer" else "_" + name

    def command(self, row, workers):
        program = self.directory / f"bench_{PROGRAMS[row]}{self.suffix}"
        name = f"{row}/workers:{workers}/"
        flags = [f"--workers={workers}", f"--benchmark_filter=^{name}", "--benchmark_format=json"]
        return [str(program), *flags], {}

    def has(self, row):
        return (self.directory / f"bench_{PROGRAMS[row]}{self.suffix}").exists()

    @staticmethod
    def read(text):
        entry = json.loads(text)["benchmarks"][0]
        numbers = {key: value for key, value in entry.items() if isinstance(value, (int, float))}
        return {"time": entry["real_time"], **numbers}


class Go:
    """The same work in Go; one program has all rows."""

    name = "go"

    def __init__(self, program):
        self.program = program

    def command(self, row, workers):
        return [str(self.program), "-row", row], {"GOMAXPROCS": str(workers)}

    def has(self, row):
        return self.program.exists()

    @staticmethod
    def read(text):
        line = json.loads(text)
        return {"time": line["ns_per_op"], **line}


def run(contestant, row, workers):
    """The figures of one run; raises Failed."""
    command, extra = contestant.command(row, workers)
    try:
        done = subprocess.run(
            command, env={**os.environ, **extra}, capture_output=True, text=True, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"no end after {TIME_LIMIT} s") from None
    if done.returncode != 0:
        raise Failed(f"exit code {done.returncode}: {last_words(done.stderr)}")
    try:
        return contestant.read(done.stdout)
    except (ValueError, LookupError) as error:
        raise Failed(f"output not understood: {error!r}") from None


def last_words(text):
    said = [line for line in text.splitlines() if line.strip() and "WARNING" not in line]
    return said[-1] if said else "no message"


def build_cpp(root, directory):
    """Configures once with the preset for benches, then builds."""
    if not (directory / "CMakeCache.txt").exists():
        configure = ["cmake", "--preset", "bench", "-B", str(directory)]
        subprocess.run(configure, cwd=root, stdout=sys.stderr, check=True)
    subprocess.run(["cmake", "--build", str(directory)], stdout=sys.stderr, check=True)


def build_go(source, directory):
    """Builds with the language version of the Go that is there: its runtime's defaults hang on that."""
    directory.mkdir(parents=True, exist_ok=True)
    module = directory / "go.mod"
    shutil.copy(source / "go.mod", module)
    quiet = {**os.environ, "GOTOOLCHAIN": "local"}
    found = subprocess.run(["go", "env", "GOVERSION"], check=True, capture_output=True, text=True).stdout
    language = ".".join(found.strip().removeprefix("go").split(".")[:2])
    subprocess.run(["go", "mod", "edit", f"-go={language}", str(module)], env=quiet, check=True)
    output = directory / "rows"
    subprocess.run(
        ["go", "build", f"-modfile={module}", "-o", str(output), "."], cwd=source, env=quiet, check=True
    )
    return found.strip()
