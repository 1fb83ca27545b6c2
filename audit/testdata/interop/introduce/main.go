// Command introduce tells litewitness of a log, as its operator does with
// witnessctl: introduce DB ORIGIN VKEY.
package main

import (
	"log"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func main() {
	db, err := sqlite.OpenConn(os.Args[1], sqlite.OpenReadWrite)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	execute := func(sql string, args ...any) {
		if err := sqlitex.Execute(db, sql, &sqlitex.ExecOptions{Args: args}); err != nil {
			log.Fatal(err)
		}
	}
	execute("insert into log (origin, tree_size, tree_hash) values (?, 0, '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')", os.Args[2])
	execute("insert into key (origin, key) values (?, ?)", os.Args[2], os.Args[3])
}
