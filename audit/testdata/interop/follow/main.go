// Command follow reads a whole log with torchwood's client, as a monitor does, and
// checks the proof file of each hundredth entry: follow URL.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	base := os.Args[1]
	policy, err := torchwood.ParsePolicy(get(base + "/policy"))
	if err != nil {
		log.Fatal(err)
	}
	c, _, err := torchwood.VerifyCheckpoint(get(base+"/checkpoint"), policy)
	if err != nil {
		log.Fatal(err)
	}
	fetcher, err := torchwood.NewTileFetcher(base)
	if err != nil {
		log.Fatal(err)
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		log.Fatal(err)
	}
	n := int64(0)
	for i, entry := range client.AllEntries(context.Background(), c.Tree, 0) {
		if i != n {
			log.Fatalf("entry %d after %d", i, n)
		}
		n++
		if i%100 != 0 {
			continue
		}
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry), get(fmt.Sprintf("%s/proof/%d", base, i))); err != nil {
			log.Fatalf("proof of entry %d: %v", i, err)
		}
	}
	if err := client.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("followed %d entries\n", n)
}

func get(url string) []byte {
	r, err := http.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s %v", url, r.Status, err)
	}
	return b
}
