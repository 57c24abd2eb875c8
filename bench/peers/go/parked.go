package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// parked: a million goroutines parked on one channel. What the process grew by, resident and in page
// tables, is divided among them; then all are released, and a second million shows whether the memory is
// used again.
func parked() figure {
	const goroutines = 1000000
	first, took := parkMillion(goroutines)
	second, _ := parkMillion(goroutines)
	base := baseline
	return figure{
		"bytes":       float64(first-base) / goroutines,
		"bytes_again": float64(second-base) / goroutines,
		"ns_per_op":   float64(took.Nanoseconds()) / goroutines,
	}
}

var baseline = residentBytes()

// parkMillion returns the resident bytes while all are parked, and the time to get there.
func parkMillion(goroutines int) (int, time.Duration) {
	gate := make(chan struct{})
	var ready, done sync.WaitGroup
	ready.Add(goroutines)
	done.Add(goroutines)
	start := time.Now()
	for i := 0; i < goroutines; i++ {
		go func() {
			ready.Done()
			<-gate
			done.Done()
		}()
	}
	ready.Wait()
	took := time.Since(start)
	time.Sleep(50 * time.Millisecond)
	resident := residentBytes()
	close(gate)
	done.Wait()
	return resident, took
}

// residentBytes is what this process holds, page tables and all.
func residentBytes() int { return statusBytes("VmRSS:") + statusBytes("VmPTE:") }

// statusBytes is one entry of /proc/self/status.
func statusBytes(name string) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name) {
			var kilobytes int
			fmt.Sscanf(line[len(name):], "%d", &kilobytes)
			return kilobytes * 1024
		}
	}
	return 0
}
