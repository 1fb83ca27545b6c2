package sheet

import (
	"maps"
	"slices"

	"yilu/ledger"
)

// codeTable lists the words that columns of closed lists take.
func codeTable() [][]string {
	rows := [][]string{{"可填的词"}}
	for _, list := range []struct {
		name string
		of   map[string]ledger.Text
	}{{"级次", ledger.Levels}, {"项目类型", ledger.ProjectTypes}, {"支付方式", ledger.PayMethods}, {"款项性质", ledger.PayStages}} {
		for _, code := range slices.Sorted(maps.Keys(list.of)) {
			rows = append(rows, []string{list.name, list.of[code].Zh, code})
		}
	}
	return rows
}
