package main

import (
	"sync"
	"time"
)

// pingPong: one round trip over two unbuffered channels.
func pingPong() figure {
	const rounds = 200000
	return perOperation(rounds, whole(func() {
		there, back := make(chan int), make(chan int)
		go func() {
			for v := range there {
				back <- v + 1
			}
			close(back)
		}()
		sum := 0
		for i := 0; i < rounds; i++ {
			there <- i
			sum += <-back
		}
		close(there)
		<-back
		check("the sum of the answers", sum, sumBelow(rounds)+rounds)
	}))
}

// spsc: one producer, one consumer, buffer 128.
func spsc() figure {
	const elements = 1000000
	return perOperation(elements, whole(func() {
		c := make(chan int, 128)
		go func() {
			for i := 0; i < elements; i++ {
				c <- i
			}
			close(c)
		}()
		sum := 0
		for v := range c {
			sum += v
		}
		check("the sum received", sum, sumBelow(elements))
	}))
}

// mpmc: four producers, four consumers, buffer 128.
func mpmc() figure {
	const parties, each = 4, 250000
	return perOperation(parties*each, whole(func() {
		c := make(chan int, 128)
		sums := make(chan int, parties)
		var producers sync.WaitGroup
		producers.Add(parties)
		for p := 0; p < parties; p++ {
			go func() {
				for i := 0; i < each; i++ {
					c <- i
				}
				producers.Done()
			}()
			go func() {
				sum := 0
				for v := range c {
					sum += v
				}
				sums <- sum
			}()
		}
		producers.Wait()
		close(c)
		total := 0
		for p := 0; p < parties; p++ {
			total += <-sums
		}
		check("the sum received", total, parties*sumBelow(each))
	}))
}

// sieveRow: the prime sieve, a goroutine a prime. The numbers end at the last prime wanted, so that all
// goroutines end and the next batch starts clean.
func sieveRow() figure {
	const count, last = 1000, 7919
	return perOperation(1, whole(func() {
		numbers := make(chan int)
		go sendUpTo(last, numbers)
		prime := 0
		for i := 0; i < count; i++ {
			prime = <-numbers
			rest := make(chan int)
			go filter(prime, numbers, rest)
			numbers = rest
		}
		_, more := <-numbers
		check("whether a number is left", more, false)
		check("the last prime", prime, last)
	}))
}

func sendUpTo(last int, numbers chan<- int) {
	for i := 2; i <= last; i++ {
		numbers <- i
	}
	close(numbers)
}

func filter(prime int, in <-chan int, out chan<- int) {
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
	close(out)
}

// fanout: ten thousand goroutines parked on a channel, released by closing it. Only the release counts.
func fanout() figure {
	const waiting = 10000
	woken := make([]bool, waiting)
	return perOperation(waiting, func() time.Duration {
		gate := make(chan struct{})
		var parked, done sync.WaitGroup
		parked.Add(waiting)
		done.Add(waiting)
		for i := range woken {
			woken[i] = false
			go func(mark *bool) {
				parked.Done()
				_, open := <-gate
				*mark = !open
				done.Done()
			}(&woken[i])
		}
		parked.Wait()
		start := time.Now()
		close(gate)
		done.Wait()
		elapsed := time.Since(start)
		for _, mark := range woken {
			check("a waiter woken by the close", mark, true)
		}
		return elapsed
	})
}
