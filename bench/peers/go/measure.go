package main

import (
	"fmt"
	"os"
	"time"
)

// As in the C++ harness: the first tens of milliseconds on two processors barely scale, so they are not
// counted.
var (
	warmUp  = length(150 * time.Millisecond)
	measure = length(500 * time.Millisecond)
	atMost  = length(1500 * time.Millisecond) // for batches whose preparation takes longer than what is measured
)

// length is shorter with $GOFER_BENCH_QUICK, for an impression.
func length(d time.Duration) time.Duration {
	if _, quick := os.LookupEnv("GOFER_BENCH_QUICK"); quick {
		return d / 5
	}
	return d
}

// perOperation runs batches of the given number of operations until enough time is measured. A batch
// returns the time that counts, so that its preparation may be left out.
func perOperation(operations int, batch func() time.Duration) figure {
	for start := time.Now(); time.Since(start) < warmUp; {
		batch()
	}
	var total time.Duration
	batches := 0
	for start := time.Now(); total < measure && time.Since(start) < atMost; {
		total += batch()
		batches++
	}
	return figure{"ns_per_op": float64(total.Nanoseconds()) / float64(batches) / float64(operations)}
}

// whole makes a batch out of work of which all counts.
func whole(work func()) func() time.Duration {
	return func() time.Duration {
		start := time.Now()
		work()
		return time.Since(start)
	}
}

// check ends the program when a row computed something wrong: a fast wrong answer is no figure.
func check[T comparable](what string, got, want T) {
	if got != want {
		fmt.Fprintf(os.Stderr, "wrong result: %s is %v, not %v\n", what, got, want)
		os.Exit(1)
	}
}

// sumBelow is the sum of 0, 1, ... n-1.
func sumBelow(n int) int { return n * (n - 1) / 2 }
