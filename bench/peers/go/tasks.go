package main

import "sync"

// spawnJoin starts a million empty goroutines and waits for all of them. Each leaves its mark in a byte of
// its own, which proves that it ran and that the wait was long enough.
func spawnJoin() figure { return spawnMany(1000000) }

func leaveMark(mark *byte, round byte, wg *sync.WaitGroup) {
	*mark = round
	wg.Done()
}

// skynetRow: a million leaves; every inner node starts ten children and adds up what they send over its
// channel.
func skynetRow() figure {
	const leaves = 1000000
	return shared(perOperation(leaves, whole(func() {
		result := make(chan int)
		go skynet(result, 0, leaves)
		check("the sum of the leaves", <-result, sumBelow(leaves))
	})))
}

func skynet(result chan<- int, first, leaves int) {
	if leaves == 1 {
		result <- first
		return
	}
	if leaves == 100 {
		showHand()
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
	return shared(perOperation(calls, whole(func() { check("fib(27)", fib(of), value) })))
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	if n == 12 {
		showHand()
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
