package main

import (
	"slices"
	"testing"

	"yilu/ledger"
)

func TestParseSeqs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]ledger.Seq{
		"12": {12}, "12,15-17": {12, 15, 16, 17}, " 3 , 3": {3, 3}, "0-0": {0},
		"": nil, "x": nil, "5-3": nil, "-1": nil, "1-": nil, "0-1000": nil, "1,,2": nil,
	} {
		got, err := parseSeqs(text)
		if !slices.Equal(got, want) || (err != nil) != (want == nil) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}
