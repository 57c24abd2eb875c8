package main

import (
	"sync"
	"time"
)

// spawnJoin starts a million empty goroutines and waits for all of them. Each leaves its mark in a byte of
// its own, which proves that it ran and that the wait was long enough.
func spawnJoin() figure {
	const goroutines = 1000000
	marks := make([]byte, goroutines)
	round := byte(0)
	return perOperation(goroutines, func() time.Duration {
		round++
		start := time.Now()
		var wg sync.WaitGroup
		wg.Add(goroutines)
		for i := range marks {
			go leaveMark(&marks[i], round, &wg)
		}
		wg.Wait()
		elapsed := time.Since(start)
		for _, mark := range marks {
			check("a goroutine's mark", mark, round)
		}
		return elapsed
	})
}

func leaveMark(mark *byte, round byte, wg *sync.WaitGroup) {
	*mark = round
	wg.Done()
}

// skynetRow: a million leaves; every inner node starts ten children and adds up what they send over its
// channel.
func skynetRow() figure {
	const leaves = 1000000
	return perOperation(leaves, whole(func() {
		result := make(chan int)
		go skynet(result, 0, leaves)
		check("the sum of the leaves", <-result, sumBelow(leaves))
	}))
}

func skynet(result chan<- int, first, leaves int) {
	if leaves == 1 {
		result <- first
		return
	}
	parts := make(chan int)
	for child := 0; child < 10; child++ {
		go skynet(parts, first+child*(leaves/10), leaves/10)
	}
	sum := 0
	for child := 0; child < 10; child++ {
		sum += <-parts
	}
	result <- sum
}

// fibRow: every call of fib starts a goroutine for one half, computes the other and joins by a WaitGroup of
// its own.
func fibRow() figure {
	const of, value, calls = 27, 196418, 635621
	return perOperation(calls, whole(func() { check("fib(27)", fib(of), value) }))
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	var left int
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		left = fib(n - 1)
		wg.Done()
	}()
	right := fib(n - 2)
	wg.Wait()
	return left + right
}
