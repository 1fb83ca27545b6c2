package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"yilu/cmd/yilu/demo"
	"yilu/ledger/sheet"
)

// households is how many 脱贫户 the demonstration county has.
const households = 11_548

// grantFile writes a grant sheet of made-up households.
func (b *bench) grantFile(rows int) (string, error) {
	b.round++
	path := filepath.Join(b.dir, fmt.Sprintf("grants-%d-%d.xlsx", rows, b.round))
	f, err := os.Create(path)
	if err != nil {
		return "", fmt.Errorf("grant sheet: %w", err)
	}
	defer f.Close()
	columns := []string{"乡镇", "村", "户主", "身份证号", "账号", "项目编号", "资金编号", "补助项目", "标准", "数量", "金额", "人员类别", "批次"}
	batch := fmt.Sprintf("B%d", b.round)
	return path, sheet.Write(f, sheet.Grant, sheet.XLSX, columns, func(yield func(sheet.Record) bool) {
		for n := range rows {
			quantity := n%9 + 1
			if !yield(sheet.Record{
				"乡镇": "颍阳镇", "村": fmt.Sprintf("第%d村", n%40), "户主": "测试户", "身份证号": demo.IDNumber(n), "账号": demo.Card(n),
				"项目编号": "P0-0", "资金编号": "F0", "补助项目": "产业奖补", "标准": "10.25", "数量": strconv.Itoa(quantity),
				"金额": fmt.Sprintf("%d.%02d", quantity*1025/100, quantity*1025%100), "人员类别": "脱贫户", "批次": batch,
			}) {
				return
			}
		}
	})
}

// importing runs `yilu import` as an officer would and returns its wall time and
// peak memory in kB.
func (b *bench) importing(ctx context.Context, file string, flags ...string) (time.Duration, int64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, fmt.Errorf("bench: %w", err)
	}
	args := append([]string{"import", "grant", file, "--data", b.dir, "--book", b.env.Book, "--user", "maker", "--unit", "bench"}, flags...)
	cmd := exec.CommandContext(ctx, self, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, fmt.Errorf("import: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// The kernel's own peak (ru_maxrss) begins with ours, which forked it.
	var peak int64
	for look := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case err := <-ended:
			if err != nil {
				return 0, 0, fmt.Errorf("import: %w: %s", err, &out)
			}
			return time.Since(begun), peak, nil
		case <-look.C:
			if kb, err := memory(cmd.Process.Pid, "VmHWM"); err == nil { // else it has just ended
				peak = max(peak, kb)
			}
		}
	}
}

// grants imports a grant sheet three times, each with new rows, and keeps the
// best time and the largest memory.
func (b *bench) grants(ctx context.Context) error {
	if b.kept["grant_ms"] != 0 {
		return nil
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	for range 3 {
		file, err := b.grantFile(households)
		if err != nil {
			return err
		}
		took, kb, err := b.importing(ctx, file)
		if err != nil {
			return err
		}
		b.note("grant sheet: %s, %d MB", took, megabytes(kb))
		if ms := took.Milliseconds(); b.kept["grant_ms"] == 0 || ms < b.kept["grant_ms"] {
			b.kept["grant_ms"] = ms
		}
		b.kept["grant_kb"] = max(b.kept["grant_kb"], kb)
	}
	return nil
}

func figGrantSheet(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.grants(ctx); err != nil {
		return "", false, err
	}
	ms := b.kept["grant_ms"]
	return fmt.Sprintf("%d.%03d", ms/1000, ms%1000), ms <= 2000, nil
}

func figGrantMemory(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.grants(ctx); err != nil {
		return "", false, err
	}
	mb := megabytes(b.kept["grant_kb"])
	return strconv.FormatInt(mb, 10), mb <= 100, nil
}

// figSheetMemory reads 100,000 rows without posting them.
func figSheetMemory(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	file, err := b.grantFile(100_000)
	if err != nil {
		return "", false, err
	}
	took, kb, err := b.importing(ctx, file, "--preview")
	if err != nil {
		return "", false, err
	}
	b.note("100,000 rows read in %s", took)
	mb := megabytes(kb)
	return strconv.FormatInt(mb, 10), mb <= 150, nil
}
