package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrInUse is a folder that another process works on, which has started its server, or is
// about to start or stop it.
var ErrInUse = errors.New("another yilu is using this folder")

// Join returns the server that another process has started on dir, once it answers. Until
// Stop, which ends nothing but this, WaitUnused of that process waits.
func Join(ctx context.Context, dir string) (*Server, error) {
	s, err := Running(dir)
	if err != nil {
		return nil, err
	}
	s.guest, err = os.Open(folder{dir: dir}.data())
	if err != nil {
		return nil, fmt.Errorf("join postgresql in %s: %w", dir, err)
	}
	if err = syscall.Flock(int(s.guest.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(ctx, s.ServiceURL(database)); err == nil {
			err = conn.Close(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("join postgresql in %s: %w", dir, err), s.guest.Close())
	}
	return s, nil
}

// WaitUnused waits until nobody has joined a server of ours, and lets nobody join it any
// more: for a command whose server others may have found. It calls waiting if it has to wait.
func (s *Server) WaitUnused(ctx context.Context, waiting func()) error {
	if s.process == nil {
		return nil
	}
	data, err := os.Open(s.data)
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		err := syscall.Flock(int(data.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			s.guest = data // until Stop
			return err
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), data.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// leave gives up what Join or WaitUnused took.
func (s *Server) leave() {
	if s.guest != nil {
		_ = unlock(s.guest) // the kernel drops it with us
		s.guest = nil
	}
}

// Owner says which process has started the server on dir, such as "yilu serve, process 12";
// "" if that cannot be told.
func Owner(dir string) string {
	file, err := readPostmasterFile(folder{dir: dir}.data())
	if err != nil {
		return ""
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", file.pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // behind the name, which may hold blanks
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return ""
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil || parent <= 1 {
		return ""
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", parent))
	if err != nil {
		return ""
	}
	words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	name := filepath.Base(words[0])
	if len(words) > 1 {
		name += " " + words[1]
	}
	return name + ", process " + strconv.Itoa(parent)
}
