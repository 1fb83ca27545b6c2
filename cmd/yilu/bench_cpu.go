package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// spent is processor time in ticks of 10 ms, by who used it. Unlike a rate it
// says much the same on a machine that others use too.
type spent struct{ server, postgres, client int64 }

// cpu reads what has been used so far. PostgreSQL is every process below the
// server's; those that have ended count with their parent.
func (b *bench) cpu() spent {
	self := os.Getpid()
	s := spent{}
	children := map[int][]int{}
	own := map[int]int64{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is a good one
	for _, file := range stats {
		pid, parent, ticks, waited, ok := readStat(file)
		if !ok {
			continue // it has ended
		}
		children[parent] = append(children[parent], pid)
		own[pid] = ticks
		if pid != self && pid != b.server.Process.Pid {
			own[pid] += waited
		}
	}
	s.client, s.server = own[self], own[b.server.Process.Pid]
	for below := children[b.server.Process.Pid]; len(below) > 0; below = below[1:] {
		s.postgres += own[below[0]]
		below = append(below, children[below[0]]...)
	}
	return s
}

// readStat reads the ticks a process has used, and those of the children it has
// waited for.
func readStat(file string) (pid, parent int, ticks, waited int64, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, 0, 0, false
	}
	_, rest, _ := strings.Cut(string(text), ") ") // a command may hold blanks
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return 0, 0, 0, 0, false
	}
	var n [4]int64
	for i := range n {
		n[i], _ = strconv.ParseInt(fields[11+i], 10, 64) // utime, stime, cutime, cstime
	}
	pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(file)))
	parent, _ = strconv.Atoi(fields[1])
	return pid, parent, n[0] + n[1], n[2] + n[3], true
}

// since says how much processor time each part used for each of some entries.
func (s spent) since(before spent, entries int64) string {
	each := func(now, then int64) int64 { return (now - then) * 10_000 / max(entries, 1) }
	return fmt.Sprintf("µs of processor time each: server %d, postgres %d, client %d",
		each(s.server, before.server), each(s.postgres, before.postgres), each(s.client, before.client))
}
