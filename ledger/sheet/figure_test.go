package sheet

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// figureRows is the size of a large county's yearly grants.
const figureRows = 100_000

// citizen makes the n-th of many valid, made-up ID numbers.
func citizen(n int) string {
	s := fmt.Sprintf("411025%04d%02d%02d%03d", 1930+n/20000%70, 1+n/1700%12, 1+n/61%28, n%1000)
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return s + string("10X98765432"[sum%11])
}

func grantRecord(n int) Record {
	return Record{
		"序号": fmt.Sprint(n + 1), "乡镇": "颍阳镇", "村": fmt.Sprintf("第%d村", n%40), "户主": "张某某", "身份证号": citizen(n), "账号": fmt.Sprintf("62170000%011d", n),
		"项目编号": "P2", "资金编号": "F1", "补助项目": "产业奖补", "标准": "500.25", "数量": fmt.Sprint(n%9 + 1), "金额": fmt.Sprintf("%d.%02d", (n%9+1)*50025/100, (n%9+1)*50025%100),
		"人员类别": "脱贫户", "批次": "2020-01",
	}
}

// figureFile is made once and kept in the temporary folder, so that a second
// run measures reading alone.
func figureFile(b *testing.B, format Format) string {
	b.Helper()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("yilu-figure-%d.%s", figureRows, format))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	var columns []string
	for _, c := range Grant.Columns {
		if grantRecord(0)[c.Name] != "" {
			columns = append(columns, c.Name)
		}
	}
	err = Write(f, Grant, format, columns, func(yield func(Record) bool) {
		for n := range figureRows {
			if !yield(grantRecord(n)) {
				return
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Log("made", path, "- run again to measure without the memory of making it")
	return path
}

// BenchmarkRead100000 reads the sheet as an import does; run one format at a
// time with -benchtime 1x to see its peak memory (VmHWM).
func BenchmarkRead100000(b *testing.B) {
	for _, format := range []Format{CSV, XLSX} {
		b.Run(string(format), func(b *testing.B) {
			path := figureFile(b, format)
			b.ResetTimer()
			for b.Loop() {
				src, err := OpenFile(path, "")
				if err != nil {
					b.Fatal(err)
				}
				batch, err := Read(src, Grant, Options{Book: book, By: maker, On: "2020-03-18"})
				if err != nil || batch.Rows != figureRows || len(batch.Problems) > 1 {
					b.Fatalf("%v%s", err, problems(batch))
				}
				if err := src.Close(); err != nil {
					b.Fatal(err)
				}
			}
			if status, err := os.ReadFile("/proc/self/status"); err == nil {
				b.Logf("%s", regexp.MustCompile(`VmHWM:\s*\d+ kB`).Find(status))
			}
		})
	}
}
