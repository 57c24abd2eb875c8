package main

import (
	"runtime"
	"sync"
	"syscall"
)

// The threads that had a hand in a row. Some hundred look-ups a batch.
var hands sync.Map

func showHand() { hands.LoadOrStore(syscall.Gettid(), true) }

// shared ends the program when several processors were there and one thread did all the work.
func shared(f figure) figure {
	count := 0
	hands.Range(func(any, any) bool { count++; return true })
	if runtime.GOMAXPROCS(0) > 1 {
		check("whether the work was shared", count > 1, true)
	}
	return f
}
