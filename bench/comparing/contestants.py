"""Who runs: gofer and its peers. Each makes a command for a row and reads what the command prints, and how long it took."""

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

from comparing.rows import program_of

TITLES = {
    "gofer": "gofer",
    "go": "Go",
    "std": "std::thread",
    "fiber": "Boost.Fiber",
    "tbb": "oneTBB",
    "shell": "shell",
}
TREE = "/usr/include"  # what the row sha256tree digests
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
        program = self.program(row)
        name = f"{row}/workers:{workers}/"
        flags = [f"--workers={workers}", f"--benchmark_filter=^{name}", "--benchmark_format=json"]
        return [str(program), *flags], {}

    def program(self, row):
        return self.directory / f"bench_{program_of(row)}{self.suffix}"

    def has(self, row):
        return row != "sha256tree" and row in rows_in(self.program(row))

    @staticmethod
    def read(text, _seconds):
        entry = json.loads(text)["benchmarks"][0]
        numbers = {key: value for key, value in entry.items() if isinstance(value, (int, float))}
        return {"time": entry["real_time"], **numbers}


@functools.cache
def rows_in(program):
    """The rows that a program has; a peer that is too slow for a large number leaves that one out."""
    if not program.exists():
        return set()
    command = [str(program), "--workers=1", "--benchmark_list_tests"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, check=True).stdout
    return {line.split("/", 1)[0] for line in said.splitlines()}


class Go:
    """The same work in Go; one program has all rows."""

    name = "go"

    def __init__(self, program):
        self.program = program

    def command(self, row, workers):
        return [str(self.program), "-row", row], {"GOMAXPROCS": str(workers)}

    def has(self, row):
        return row in self.rows

    @functools.cached_property
    def rows(self):
        if not self.program.exists():
            return set()
        return set(subprocess.run([str(self.program)], capture_output=True, text=True, check=True).stdout.split())

    @staticmethod
    def read(text, _seconds):
        line = json.loads(text)
        return {"time": line["ns_per_op"], **line}


class Tree:
    """The row sha256tree: a whole program, timed from outside. All must print the same."""

    first_digest = None

    def __init__(self, name, words, there):
        self.name = name
        self.words = words
        self.there = there

    def command(self, _row, workers):
        return [word.format(workers=workers) for word in self.words], {
            "GOFER_MAXPROCS": str(workers),
            "LC_ALL": "C",
        }

    def has(self, row):
        return row == "sha256tree" and self.there

    @staticmethod
    def read(text, seconds):
        digest = hashlib.sha256(text.encode()).hexdigest()
        Tree.first_digest = Tree.first_digest or digest
        if digest != Tree.first_digest:
            raise Failed("it does not print what the first of them printed")
        return {"time": seconds * 1e9}


def trees(directory):
    """gofer's example and the shell's pipeline."""
    program = directory / "bench_sha256tree"
    pipeline = f"find {TREE} -type f -print0 | sort -z | xargs -0 sha256sum"
    there = program.exists() and os.path.isdir(TREE)
    return [
        Tree("gofer", [str(program), "-j", "{workers}", TREE], there),
        Tree("shell", ["sh", "-c", pipeline], there),
    ]


def run(contestant, row, workers):
    """The figures of one run; raises Failed."""
    command, extra = contestant.command(row, workers)
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, env={**os.environ, **extra}, capture_output=True, text=True, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"no end after {TIME_LIMIT} s") from None
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise Failed(f"exit code {done.returncode}: {last_words(done.stderr)}")
    try:
        return contestant.read(done.stdout, seconds)
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


def compiler(directory):
    """What CMake found, and how it builds: "GNU 12.2.0, Release"."""
    found = {}
    for file in [directory / "CMakeCache.txt", *directory.glob("CMakeFiles/*/CMakeCXXCompiler.cmake")]:
        if not file.exists():
            continue
        for line in file.read_text().splitlines():
            for key in ("CMAKE_CXX_COMPILER_ID ", "CMAKE_CXX_COMPILER_VERSION ", "CMAKE_BUILD_TYPE:STRING="):
                mark = f"set({key}" if key.endswith(" ") else key
                if line.startswith(mark):
                    found[key] = line[len(mark) :].strip(' ")')
    words = [found.get("CMAKE_CXX_COMPILER_ID ", "?"), found.get("CMAKE_CXX_COMPILER_VERSION ", "?")]
    return f"{' '.join(words)} {found.get('CMAKE_BUILD_TYPE:STRING=', '?')}"


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
