package main

import "time"

const armed = 100000

// farOff is an hour and some more: no two deadlines alike, and in no order.
func farOff(n int) time.Duration {
	return time.Hour + time.Duration(n*7919%1000003)*time.Microsecond
}

// calls arms a call and stops it again, beside others that are pending.
func calls(pending int) figure {
	others := make([]*time.Timer, pending)
	for i := range others {
		others[i] = time.AfterFunc(farOff(i), func() {})
	}
	each := perOperation(armed, whole(func() {
		stopped := 0
		for i := 0; i < armed; i++ {
			if time.AfterFunc(farOff(i), func() {}).Stop() {
				stopped++
			}
		}
		check("calls stopped in time", stopped, armed)
	}))
	for _, t := range others {
		t.Stop()
	}
	return each
}

// stoppedTimers does the same with timers that have a channel.
func stoppedTimers(pending int) figure {
	others := make([]*time.Timer, pending)
	for i := range others {
		others[i] = time.NewTimer(farOff(i))
	}
	each := perOperation(armed, whole(func() {
		stopped := 0
		for i := 0; i < armed; i++ {
			if time.NewTimer(farOff(i)).Stop() {
				stopped++
			}
		}
		check("timers stopped in time", stopped, armed)
	}))
	for _, t := range others {
		t.Stop()
	}
	return each
}

// selectAfter takes an answer that is there, with a timeout that is made and dropped each time.
func selectAfter() figure {
	return perOperation(armed, whole(func() {
		answers := make(chan int, 1)
		sum := 0
		for i := 0; i < armed; i++ {
			answers <- i
			select {
			case n := <-answers:
				sum += n
			case <-time.After(time.Hour):
			}
		}
		check("the sum of the answers", sum, sumBelow(armed))
	}))
}
