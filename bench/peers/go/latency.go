package main

import (
	"sort"
	"time"
)

// latency: how long a goroutine made ready waits for the idle processor when the one that woke it computes
// on.
func latency() figure {
	const rounds, warm = 2000, 100
	wake, answer := make(chan time.Time), make(chan time.Duration, 1)
	go func() {
		for sent := range wake {
			answer <- time.Since(sent)
		}
		close(answer)
	}()
	waits := make([]time.Duration, 0, rounds)
	for i := 0; i < rounds+warm; i++ {
		wake <- time.Now()
		compute(2 * time.Millisecond)
		if wait := <-answer; i >= warm {
			waits = append(waits, wait)
		}
	}
	close(wake)
	_, more := <-answer
	check("whether an answer is left", more, false)
	sort.Slice(waits, func(i, j int) bool { return waits[i] < waits[j] })
	at := func(share float64) float64 { return float64(waits[int(share*float64(rounds-1))].Nanoseconds()) }
	return figure{"p50": at(0.5), "p99": at(0.99), "p999": at(0.999), "ns_per_op": at(0.99)}
}

// compute keeps this processor busy without a call that could let another goroutine run.
func compute(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}
