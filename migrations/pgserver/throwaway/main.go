// Command throwaway runs a migrated PostgreSQL in a temporary folder until it
// is interrupted, for psql and for servers started by hand. Its data is gone
// afterwards, so it must never hold anything real.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"yilu/migrations"
	"yilu/migrations/pgserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("/tmp", "yilu-throwaway-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	server, err := pgserver.Start(ctx, pgserver.Config{Dir: dir, BinDir: os.Getenv("YILU_PG_BIN")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := migrations.Up(ctx, server.OwnerURL("yilu")); err != nil {
		return err
	}
	fmt.Printf("owner:   psql '%s'\nservice: psql '%s'\n^C ends it and removes its data\n",
		server.OwnerURL("yilu"), server.ServiceURL("yilu"))
	select {
	case <-ctx.Done():
		return nil
	case <-server.Done():
		return errors.New("postgresql died")
	}
}
