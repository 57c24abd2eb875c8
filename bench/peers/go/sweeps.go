package main

import (
	"reflect"
	"sync"
	"time"
)

// spawnMany starts goroutines and waits for all of them.
func spawnMany(goroutines int) figure {
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

// parkMany does the same with goroutines that all park at once, until a channel is closed.
func parkMany(goroutines int) figure {
	return perOperation(goroutines, func() time.Duration {
		woken := make([]bool, goroutines)
		start := time.Now()
		gate := make(chan int)
		var ready, ended sync.WaitGroup
		ready.Add(goroutines)
		ended.Add(goroutines)
		for i := range woken {
			go func(mark *bool) {
				ready.Done()
				_, open := <-gate
				*mark = !open
				ended.Done()
			}(&woken[i])
		}
		ready.Wait()
		close(gate)
		ended.Wait()
		elapsed := time.Since(start)
		for _, mark := range woken {
			check("a waiter woken by the close", mark, true)
		}
		return elapsed
	})
}

// selectOf: messages from one of many channels, in a slice of cases.
func selectOf(cases int) figure {
	const messages = 50000
	return perOperation(messages, whole(func() {
		channels := make([]chan int, cases)
		waits := make([]reflect.SelectCase, cases)
		for i := range channels {
			channels[i] = make(chan int)
			waits[i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(channels[i])}
		}
		go func() {
			for i := 0; i < messages; i++ {
				channels[i%cases] <- i
			}
		}()
		sum := 0
		for i := 0; i < messages; i++ {
			_, v, _ := reflect.Select(waits)
			sum += int(v.Int())
		}
		check("the sum received", sum, sumBelow(messages))
	}))
}
