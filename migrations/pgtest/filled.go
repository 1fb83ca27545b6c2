package pgtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
)

// Filled returns a database that holds what fill has written into a migrated one. What
// many tests begin with is so posted once and then copied, as the schema is: fill runs
// once for each name and test binary, and what it keeps in memory is not there when it
// did not run. It ends what it has started, since a database in use is not copied.
func Filled(t testing.TB, name string, fill func(*DB)) *DB {
	t.Helper()
	c := sharedCluster(t)
	migrated, err := c.template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	template, err := filledName(name)
	if err == nil {
		err = c.fill(t, template, migrated, fill)
	}
	if err != nil {
		t.Fatalf("pgtest: fill %s: %v", name, err)
	}
	return c.copyOf(t, template)
}

// fill makes a template once. One test at a time takes the lock of the processes:
// others would wait for it with all connections that fill needs.
func (c *cluster) fill(t testing.TB, template, migrated string, fill func(*DB)) error {
	c.filling.Lock()
	defer c.filling.Unlock()
	if c.filled[template] {
		return nil
	}
	err := c.makeTemplate(t.Context(), template, migrated, func(unfinished string) error {
		c.guard(t, unfinished)
		db := c.open(t, unfinished)
		defer db.shut(t)
		fill(db)
		return nil
	})
	if err == nil {
		c.filled[template] = true
	}
	return err
}

// filledName holds the fingerprint of the test binary: what fill posts, and what our
// code makes of it, changes with that alone.
func filledName(name string) (string, error) {
	binary, err := fingerprint()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(binary + " " + name))
	return "yilu_filled_" + hex.EncodeToString(sum[:8]), nil
}

var fingerprint = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read %s: %w", self, err)
	}
	return string(sum.Sum(nil)), nil
})
