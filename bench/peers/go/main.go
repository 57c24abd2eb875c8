// The rows of gofer's benchmarks, written in Go: the same work, sizes and checks as the C++ programs in
// bench/.
//
// bench/compare runs `rows -row NAME` with GOMAXPROCS set and reads the one JSON line it prints. Runtime
// defaults otherwise. Standard library only; the language stays that of Go 1.19, which Debian 12 ships.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
)

// A figure is what one row came to: the time of one operation, or the row's own measure under another name.
type figure map[string]float64

var rows = map[string]func() figure{
	"spawn_join":   spawnJoin,
	"skynet":       skynetRow,
	"ping_pong":    pingPong,
	"spsc":         spsc,
	"mpmc":         mpmc,
	"select_2":     selectTwo,
	"select_4":     selectFour,
	"mutex":        mutexRow,
	"yield_2":      func() figure { return yieldRow(2) },
	"yield_1000":   func() figure { return yieldRow(1000) },
	"fib":          fibRow,
	"sieve":        sieveRow,
	"fanout":       fanout,
	"timers":       timers,
	"select_after": selectAfter,
	"parked":       parked,
	"latency":      latency,
	"nqueens":      nqueens,
	"matmul":       matmul,
}

// The rows that ask how a cost grows have a number in their name.
func init() {
	for _, n := range []int{1000, 10000, 100000, 1000000} {
		n, number := n, strconv.Itoa(n)
		rows["call_"+number] = func() figure { return calls(n) }
		rows["timer_"+number] = func() figure { return stoppedTimers(n) }
		rows["spawn_"+number] = func() figure { return spawnMany(n) }
		rows["park_"+number] = func() figure { return parkMany(n) }
	}
	for n := 2; n <= 64; n *= 2 {
		n := n
		rows["cases_"+strconv.Itoa(n)] = func() figure { return selectOf(n) }
	}
}

func main() {
	name := flag.String("row", "", "the row to run; without it the names are listed")
	flag.Parse()
	run, known := rows[*name]
	if !known {
		list()
		if *name != "" {
			os.Exit(2)
		}
		return
	}
	line := map[string]any{"row": *name, "workers": runtime.GOMAXPROCS(0), "go": runtime.Version()}
	for key, value := range run() {
		line[key] = value
	}
	line["peak_mib"] = float64(statusBytes("VmHWM:")) / (1 << 20)
	text, err := json.Marshal(line)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}

func list() {
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(name)
	}
}
