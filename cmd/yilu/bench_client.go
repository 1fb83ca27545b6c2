package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// caller is one HTTP/1.1 client on one kept connection. It is as slim as
// pgbench, the yardstick beside it: a heavy client would measure itself.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	head string
}

func newCaller(addr, token string) (*caller, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &caller{
		conn: conn, in: bufio.NewReader(conn),
		head: " HTTP/1.1\r\nHost: " + addr + "\r\nAuthorization: Bearer " + token + "\r\nContent-Type: application/json\r\nContent-Length: ",
	}, nil
}

// request is what a caller sends; without a body it is a GET.
type request struct {
	path string
	body []byte
}

// send sends one request and returns the status of the answer.
func (c *caller) send(r request) (int, error) {
	method, body := "GET ", r.body
	if body != nil {
		method = "POST "
	}
	c.out = append(c.out[:0], method...)
	c.out = append(c.out, r.path...)
	c.out = append(c.out, c.head...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	return c.answer()
}

// answer reads a response with a Content-Length or in chunks.
func (c *caller) answer() (int, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, fmt.Errorf("read status: %w", err)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, fmt.Errorf("read status: %w", err)
	}
	length, chunked := 0, false
	for {
		line, err = c.in.ReadSlice('\n')
		if err != nil {
			return 0, fmt.Errorf("read header: %w", err)
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			chunked = true
		}
		if err != nil {
			return 0, fmt.Errorf("read header: %w", err)
		}
	}
	if !chunked {
		_, err = c.in.Discard(length)
		return status, err
	}
	return status, c.skipChunks()
}

func (c *caller) skipChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read chunk: %w", err)
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return fmt.Errorf("read chunk: %w", err)
		}
		if _, err := c.in.Discard(int(n) + 2); err != nil {
			return fmt.Errorf("read chunk: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}

// load is what some clients did in some seconds.
type load struct {
	requests  int64 // answered with success
	perSecond int64
	p99       time.Duration
	// answers are when they were answered, from the begin, in order.
	answers []time.Duration
}

// between counts the answers of a part of the time.
func (l load) between(begin, end time.Duration) int64 {
	first, _ := slices.BinarySearch(l.answers, begin)
	last, _ := slices.BinarySearch(l.answers, end)
	return int64(last - first)
}

// answer is how long a request took, and when it was answered.
type answer struct{ took, at time.Duration }

// drive lets clients ask as fast as they are answered, each the requests that
// next makes for it, and stops at the first failure. next may reuse buf.
func (b *bench) drive(clients int, seconds time.Duration, next func(client, n int, buf []byte) request) (load, error) {
	var wg sync.WaitGroup
	answers := make([][]answer, clients)
	errs := make([]error, clients)
	begin := time.Now()
	for i := range clients {
		wg.Go(func() {
			answers[i], errs[i] = b.driveOne(begin, seconds, func(n int, buf []byte) request { return next(i, n, buf) })
		})
	}
	wg.Wait()
	took := time.Since(begin)
	for _, err := range errs {
		if err != nil {
			return load{}, err
		}
	}
	all := slices.Concat(answers...)
	if len(all) == 0 {
		return load{}, fmt.Errorf("no request was answered in %s", seconds)
	}
	slices.SortFunc(all, func(a, b answer) int { return cmp.Compare(a.took, b.took) })
	l := load{requests: int64(len(all)), perSecond: int64(len(all)) * int64(time.Second) / int64(took), p99: all[len(all)*99/100].took}
	for _, a := range all {
		l.answers = append(l.answers, a.at)
	}
	slices.Sort(l.answers)
	return l, nil
}

func (b *bench) driveOne(begin time.Time, seconds time.Duration, next func(n int, buf []byte) request) ([]answer, error) {
	c, err := newCaller(b.addr, b.token)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	var answers []answer
	var buf []byte
	for n := 0; ; n++ {
		start := time.Since(begin)
		if start > seconds {
			return answers, nil
		}
		r := next(n, buf[:0])
		buf = r.body
		status, err := c.send(r)
		if err != nil {
			return nil, err
		}
		if status != 200 && status != 201 {
			return nil, fmt.Errorf("%s answered %d", r.path, status)
		}
		at := time.Since(begin)
		answers = append(answers, answer{at - start, at})
	}
}
