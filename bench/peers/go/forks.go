package main

import (
	"math/bits"
	"sync"
)

const boardSize, allColumns = 12, 1<<12 - 1

// A board has the columns that are taken, and what the diagonals attack in the next row: a bit a field.
type board struct{ columns, left, right uint }

func (b board) free() uint { return allColumns &^ (b.columns | b.left | b.right) }
func (b board) with(field uint) board {
	return board{b.columns | field, (b.left | field) << 1, (b.right | field) >> 1}
}

// ways starts a goroutine for each queen that can stand.
func ways(b board) int {
	if b.columns == allColumns {
		return 1
	}
	if bits.OnesCount(b.columns) == 2 {
		showHand()
	}
	var found [boardSize]int
	var wg sync.WaitGroup
	next := 0
	for free := b.free(); free != 0; free &= free - 1 {
		mine, after := &found[next], b.with(free&-free)
		next++
		wg.Add(1)
		go func() {
			*mine = ways(after)
			wg.Done()
		}()
	}
	wg.Wait()
	sum := 0
	for _, each := range found {
		sum += each
	}
	return sum
}

func placements(b board) int {
	count := 0
	for free := b.free(); free != 0; free &= free - 1 {
		count += 1 + placements(b.with(free&-free))
	}
	return count
}

// nqueens: twelve queens in every way, a goroutine a queen.
func nqueens() figure {
	return shared(perOperation(placements(board{}), whole(func() {
		check("the number of solutions", ways(board{}), 14200)
	})))
}

const order, tile = 256, 32

type matrix [order * order]float64

func multiplyRows(a, b, c *matrix, row, column, size int) {
	for i := row; i < row+size; i++ {
		to := c[i*order+column : i*order+column+size]
		for j := range to {
			to[j] = 0
		}
		for k := 0; k < order; k++ {
			factor := a[i*order+k]
			from := b[k*order+column : k*order+column+size]
			for j := range to {
				to[j] += factor * from[j]
			}
		}
	}
}

func multiply(a, b, c *matrix, row, column, size int) {
	if size == tile {
		showHand()
		multiplyRows(a, b, c, row, column, size)
		return
	}
	half := size / 2
	var wg sync.WaitGroup
	wg.Add(4)
	for quarter := 0; quarter < 4; quarter++ {
		down, right := row+quarter/2*half, column+quarter%2*half
		go func() {
			multiply(a, b, c, down, right, half)
			wg.Done()
		}()
	}
	wg.Wait()
}

func filled(factor, modulus int) *matrix {
	m := new(matrix)
	for i := range m {
		m[i] = float64(i * factor % modulus)
	}
	return m
}

// matmul: a product of two matrices, a goroutine a quarter down to tiles.
func matmul() figure {
	a, b, expected, product := filled(31, 17), filled(37, 19), new(matrix), new(matrix)
	multiplyRows(a, b, expected, 0, 0, order)
	return shared(perOperation(1, whole(func() {
		for i := range product {
			product[i] = -1
		}
		multiply(a, b, product, 0, 0, order)
		check("whether the product is right", *product == *expected, true)
	})))
}
