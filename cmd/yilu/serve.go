package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"yilu/ledger"
	"yilu/migrations"
	"yilu/web"
)

// runServe runs the server until it is told to stop.
func runServe(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("serve")
	listen := fs.String("listen", setting("YILU_LISTEN", "127.0.0.1:8080"), env.say("页面与接口的监听地址 (YILU_LISTEN)", "address of pages and API (YILU_LISTEN)"))
	base := fs.String("base-path", setting("YILU_BASE_PATH", ""), env.say("门户挂载路径 (YILU_BASE_PATH)", "path a portal mounts us at (YILU_BASE_PATH)"))
	demo := fs.Bool("demo", false, env.say("载入演示县并打印地址和令牌", "load the demo county and print addresses and tokens"))
	if err := parse(fs, args); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
	db, err := env.database(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err := db.stop(); err != nil {
			log.Error("stop postgres", "error", err)
		}
	}()
	if err := migrations.Up(ctx, db.owner); err != nil {
		return err
	}
	l, pool, err := env.ledger(ctx, db, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	defer l.Close()
	if err := l.CreateBook(ctx, ledger.Book(env.Book)); err != nil {
		return err
	}
	_ = demo
	handler := web.New(web.Config{Ledger: l, Pool: pool, Log: log, Now: time.Now, Book: ledger.Book(env.Book), BasePath: *base, Demo: *demo})
	return serveHTTP(ctx, *listen, handler, db.ended)
}

// serveHTTP answers until the context ends or our own PostgreSQL dies, then
// finishes the requests under way.
func serveHTTP(ctx context.Context, listen string, handler http.Handler, ended <-chan struct{}) error {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second,
		WriteTimeout: 90 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ended:
		return errors.New("postgres has ended, see its log in the data folder")
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return server.Shutdown(stop)
}
