package main

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress returns a func that draws how far a long command is, on stderr and
// only for a person: nothing when it is piped, in CI, or under NO_COLOR.
func (env *environment) progress(name string) func(done, of int64) {
	f, ok := env.Stderr.(*os.File)
	if !ok || !isTerminal(f) || os.Getenv("NO_COLOR") != "" || os.Getenv("CI") != "" {
		return func(int64, int64) {}
	}
	var bar *mpb.Bar
	p := mpb.New(mpb.WithOutput(io.Writer(f)))
	return func(done, of int64) {
		if bar == nil {
			bar = p.AddBar(of, mpb.PrependDecorators(decor.Name(name)),
				mpb.AppendDecorators(decor.CountersNoUnit("%d / %d "), decor.AverageSpeed(0, "%.0f/s "), decor.AverageETA(decor.ET_STYLE_GO)))
		}
		bar.SetCurrent(done)
		if done >= of {
			p.Wait()
		}
	}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
