package main

import (
	"runtime"
	"sync"
)

// mutexRow: eight goroutines count under one mutex.
func mutexRow() figure {
	const goroutines, each = 8, 200000
	return perOperation(goroutines*each, whole(func() {
		var mutex sync.Mutex
		var done sync.WaitGroup
		counter := 0
		done.Add(goroutines)
		for g := 0; g < goroutines; g++ {
			go func() {
				for i := 0; i < each; i++ {
					mutex.Lock()
					counter++
					mutex.Unlock()
				}
				done.Done()
			}()
		}
		done.Wait()
		check("the counter", counter, goroutines*each)
	}))
}

// yieldRow: goroutines that do nothing but let the next one run.
func yieldRow(goroutines int) figure {
	total := 1000000
	each := total / goroutines
	return perOperation(total, whole(func() {
		turns := make([]int, goroutines)
		var done sync.WaitGroup
		done.Add(goroutines)
		for g := range turns {
			go func(mine *int) {
				for i := 0; i < each; i++ {
					runtime.Gosched()
					*mine++
				}
				done.Done()
			}(&turns[g])
		}
		done.Wait()
		for _, mine := range turns {
			check("the turns of a goroutine", mine, each)
		}
	}))
}
