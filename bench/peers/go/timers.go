package main

import (
	"sync"
	"syscall"
	"time"
)

// timers: a hundred thousand sleepers of 1 to 100 ms, each ten times; ideally that takes a second. The
// latest of all wake-ups is reported too.
func timers() figure {
	const sleepers, naps = 100000, 10
	wheel(1000, 2)
	latest := make([]time.Duration, sleepers)
	cpu := cpuSeconds()
	start := time.Now()
	var done sync.WaitGroup
	done.Add(sleepers)
	for i := range latest {
		go func(i int) {
			latest[i] = sleeper(time.Duration(1+i%100)*time.Millisecond, naps)
			done.Done()
		}(i)
	}
	done.Wait()
	wall := time.Since(start)
	worst := time.Duration(0)
	for _, late := range latest {
		check("whether a sleeper woke early", late < 0, false)
		if late > worst {
			worst = late
		}
	}
	return figure{
		"ns_per_op": float64(wall.Nanoseconds()),
		"cpu_s":     cpuSeconds() - cpu,
		"latest_ms": float64(worst.Microseconds()) / 1000,
	}
}

// sleeper returns how late its latest wake-up was; below zero if one came too soon.
func sleeper(d time.Duration, naps int) time.Duration {
	latest := time.Duration(0)
	for nap := 0; nap < naps; nap++ {
		due := time.Now().Add(d)
		time.Sleep(d)
		late := time.Since(due)
		if late < 0 {
			return late
		}
		if late > latest {
			latest = late
		}
	}
	return latest
}

// wheel warms up: a few sleepers that nobody measures.
func wheel(sleepers, naps int) {
	var done sync.WaitGroup
	done.Add(sleepers)
	for i := 0; i < sleepers; i++ {
		go func(d time.Duration) {
			sleeper(d, naps)
			done.Done()
		}(time.Duration(1+i%50) * time.Millisecond)
	}
	done.Wait()
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
