package sheet

import "iter"

// aheadChunk rows are handed over at a time, and at most aheadChunks of them
// wait, so that the memory of a long sheet stays small.
const (
	aheadChunk  = 128
	aheadChunks = 4
)

// readAhead reads lines in a goroutine of its own while the caller works on
// earlier ones: unpacking XML takes twice as long as judging what is in it. The
// goroutine has ended when the loop has.
func readAhead(lines iter.Seq2[Line, error]) iter.Seq2[Line, error] {
	type chunk struct {
		lines []Line
		err   error
	}
	return func(yield func(Line, error) bool) {
		chunks := make(chan chunk, aheadChunks)
		stop := make(chan struct{})
		go func() {
			defer close(chunks)
			next := chunk{}
			for l, err := range lines {
				if next.err = err; err == nil {
					next.lines = append(next.lines, l)
				}
				if err == nil && len(next.lines) < aheadChunk {
					continue
				}
				select {
				case chunks <- next:
				case <-stop:
					return
				}
				next = chunk{}
			}
			chunks <- next // its receiver takes all that comes, see below
		}()
		defer func() {
			close(stop)
			for range chunks { // until the reader has ended
			}
		}()
		for c := range chunks {
			for _, l := range c.lines {
				if !yield(l, nil) {
					return
				}
			}
			if c.err != nil && !yield(Line{}, c.err) {
				return
			}
		}
	}
}
