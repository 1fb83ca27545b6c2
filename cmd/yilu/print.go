package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// browsers are the programs that can print a page, by their usual names.
var browsers = []string{"chromium", "chromium-browser", "google-chrome"}

// printTime is how long printing one page may take.
const printTime = 40 * time.Second

// printer prints a page that stands in a file as PDF, by a browser that is installed;
// nil if there is none, or if we are root: a browser wants its own sandbox then, and we
// do not run one without.
func printer() func(ctx context.Context, page string) ([]byte, error) {
	if os.Geteuid() == 0 {
		return nil
	}
	for _, name := range browsers {
		path, err := exec.LookPath(name)
		if err == nil {
			return func(ctx context.Context, page string) ([]byte, error) { return printPage(ctx, path, page) }
		}
	}
	return nil
}

// printPage runs the browser once. The page is ours, holds no script and asks for
// nothing beyond its folder.
func printPage(ctx context.Context, browser, page string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, printTime)
	defer cancel()
	dir := filepath.Dir(page)
	out := filepath.Join(dir, "out.pdf")
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--no-pdf-header-footer", "--print-to-pdf="+out, "file://"+page)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("print by %s: %w", filepath.Base(browser), err)
	}
	pdf, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("print by %s: %w", filepath.Base(browser), err)
	}
	return pdf, nil
}
