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
)

// A figure is what one row came to: the time of one operation, or the row's own measure under another name.
type figure map[string]float64

var rows = map[string]func() figure{
	"spawn_join":    spawnJoin,
	"skynet":        skynetRow,
	"ping_pong":     pingPong,
	"spsc":          spsc,
	"mpmc":          mpmc,
	"select_2":      selectTwo,
	"select_4":      selectFour,
	"mutex":         mutexRow,
	"yield_2":       func() figure { return yieldRow(2) },
	"yield_1000":    func() figure { return yieldRow(1000) },
	"fib":           fibRow,
	"sieve":         sieveRow,
	"fanout":        fanout,
	"timers":        timers,
	"call_1000":     func() figure { return calls(1000) },
	"call_1000000":  func() figure { return calls(1000000) },
	"timer_1000":    func() figure { return stoppedTimers(1000) },
	"timer_1000000": func() figure { return stoppedTimers(1000000) },
	"select_after":  selectAfter,
	"parked":        parked,
	"latency":       latency,
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
