package main

// feed sends 0, 1, ... n-1 to the channels in turn; the last message of all is -1.
func feed(n int, channels ...chan int) {
	for i := 0; i < n; {
		for _, c := range channels {
			if i < n {
				c <- i
				i++
			}
		}
	}
	channels[0] <- -1
}

// selectTwo: a message from one of two channels.
func selectTwo() figure {
	const messages = 200000
	return perOperation(messages, whole(func() {
		a, b := make(chan int), make(chan int)
		go feed(messages, a, b)
		sum := 0
		for v := 0; v >= 0; sum += v {
			select {
			case v = <-a:
			case v = <-b:
			}
		}
		check("the sum received", sum, sumBelow(messages)-1)
	}))
}

// selectFour: a message from one of four channels, of which one never has any.
func selectFour() figure {
	const messages = 200000
	return perOperation(messages, whole(func() {
		a, b, c, never := make(chan int), make(chan int), make(chan int), make(chan int)
		go feed(messages, a, b, c)
		sum := 0
		for v := 0; v >= 0; sum += v {
			select {
			case v = <-a:
			case v = <-b:
			case v = <-c:
			case v = <-never:
			}
		}
		check("the sum received", sum, sumBelow(messages)-1)
	}))
}
