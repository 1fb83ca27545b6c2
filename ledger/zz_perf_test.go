package ledger

import (
	"context"
	"os"
	"sort"
	"testing"
	"time"
	"fmt"
)

func TestPerfSearch(t *testing.T) {
	l, db := testLedger(t)
	_ = l
	ctx := context.Background()
	_, err := db.Owner.Exec(ctx, `set role yilu_owner`)
	if err != nil { t.Fatal(err) }
	t0 := time.Now()
	_, err = db.Owner.Exec(ctx, `insert into proj.project (book, project, state, name, type, subtype, place, place_name, content, unit, responsible, document, targets, linkage, beneficiaries, listed_seq, approved_seq)
	select '411025', 'XC'||i, 'approved', (array['颍阳镇','王洛镇','库庄镇','范湖乡','双庙乡','山头店镇'])[1+i%6]||chr((19968+(i::bigint*7919)%8000)::int)||chr((19968+(i::bigint*104729)%8000)::int)||'村'||(array['道路硬化','安全饮水','蔬菜大棚','光伏电站','危房改造'])[1+i%5]||'工程', 'construction','', '41102510'||(1+i%9)||lpad((i%300)::text,3,'0'), (array['颍阳镇','王洛镇','库庄镇','范湖乡','双庙乡','山头店镇'])[1+i%6]||chr((19968+(i::bigint*7919)%8000)::int)||chr((19968+(i::bigint*104729)%8000)::int)||'村', '硬化村内道路3.2公里，宽4米，厚0.18米，配套排水沟'||i, '颍阳镇人民政府','','襄扶〔2020〕'||(i%500)||'号','','',100,0,0 from generate_series(1,100000) i`)
	if err != nil { t.Fatal(err) }
	fmt.Println("insert", time.Since(t0))
	_, err = db.Owner.Exec(ctx, `insert into proj.payee (book,payee,name,payments,requested,paid,first_seq) select '411025','9141'||i, '许昌'||chr((19968+(i::bigint*7919)%8000)::int)||chr((19968+(i::bigint*104729)%8000)::int)||'建筑工程有限公司',1,1,1,1 from generate_series(1,20000) i`)
	if err != nil { t.Fatal(err) }
	_, err = db.Owner.Exec(ctx, `analyze proj.project; `)
	fmt.Println(err)
	var size string
	db.Owner.QueryRow(ctx, `select pg_size_pretty(pg_relation_size('proj.project_words'))`).Scan(&size)
	fmt.Println("index", size)
	for _, q := range []string{"道路硬化", "道路", "村", "颍阳镇", "颍阳镇 光伏", "襄扶〔2020〕123号", "XC77777", "公司", "建筑工程有限公司", "没有这样", "3.2公里"} {
		var ts []time.Duration
		var n int
		for range 15 {
			t1 := time.Now()
			h, err := l.Search(ctx, testBook, q)
			if err != nil { t.Fatal(err) }
			n = len(h)
			ts = append(ts, time.Since(t1))
		}
		sort.Slice(ts, func(a,b int) bool {return ts[a]<ts[b]})
		fmt.Println(q, n, ts[0], ts[7], ts[14])
	}
	_ = os.Args
}
