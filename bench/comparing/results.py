"""What the rounds gave, and what it comes to: medians, ratios, targets."""

import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Failure:
    row: str
    workers: int
    contestant: str
    why: str

    def __str__(self):
        return f"{self.row}, {self.workers} workers, {self.contestant}: {self.why}"


@dataclass
class Results:
    """Runs by (row, workers, contestant), one for each round; None where a run failed."""

    runs: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)

    def add(self, row, workers, contestant, figures):
        self.runs.setdefault((row, workers, contestant), []).append(figures)

    def fail(self, row, workers, contestant, why):
        self.add(row, workers, contestant, None)
        self.failures.append(Failure(row, workers, contestant, str(why)))

    def values(self, figure, workers, contestant):
        """The figure of every round, in its unit."""
        runs = self.runs.get((figure.row, workers, contestant), [])
        return [None if r is None or figure.key not in r else r[figure.key] * figure.scale for r in runs]

    def at(self, sweep, job, contestant):
        """The median of one point of a sweep, in its unit."""
        good = [r["time"] * sweep.scale for r in self.runs.get((*job, contestant), []) if r]
        return statistics.median(good) if good else None

    def spread(self, figure, workers, contestant):
        """Median, least and greatest; None without a run that ended well."""
        good = sorted(v for v in self.values(figure, workers, contestant) if v is not None)
        return (statistics.median(good), good[0], good[-1]) if good else None

    def ratio(self, figure, workers, peer):
        """gofer to a peer: the median of the rounds' ratios, for the machine drifts from round to round."""
        return self.paired(self.values(figure, workers, "gofer"), self.values(figure, workers, peer))

    @staticmethod
    def paired(ours, theirs):
        pairs = [a / b for a, b in zip(ours, theirs) if a is not None and b]
        return statistics.median(pairs) if pairs else None


def verdicts(results, figure, workers):
    """Each target of a figure as (what it says, what came out, whether that is met)."""
    found = []

    def judge(text, value, limit):
        if value is not None:
            found.append((text, value, value <= limit))

    if figure.of_go is not None:
        judge(f"{figure.of_go:.2f} of Go", results.ratio(figure, workers, "go"), figure.of_go)
    if figure.below is not None:
        judge(f"not above {figure.below}", results.ratio(figure, workers, figure.below), 1.0)
    if figure.of_one_worker is not None and workers > 1:
        ours = [results.values(figure, n, "gofer") for n in (workers, 1)]
        judge(f"{figure.of_one_worker} of one worker", results.paired(*ours), figure.of_one_worker)
    if figure.at_most is not None:
        ours = results.spread(figure, workers, "gofer")
        judge(f"{figure.at_most:g} {figure.unit}", ours and ours[0], figure.at_most)
    return found
