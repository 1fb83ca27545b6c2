package pgserver

import (
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The versions our tests run on. Older ones lack what the schema uses; newer
// ones may change what we rely on and are allowed once tried.
const (
	oldestMajor = 15
	newestMajor = 18
)

// binaries is one installed PostgreSQL.
type binaries struct {
	dir   string
	major int
}

// Installed returns the folder and major version of the newest supported
// PostgreSQL on this machine, or of binDir if that is not empty. Its error
// says what to install.
func Installed(binDir string) (dir string, major int, err error) {
	found, err := findBinaries(binDir, "")
	return found.dir, found.major, err
}

// findBinaries takes binDir if given, else the newest installed version, and
// in both cases only one that can run a data directory whose PG_VERSION is
// made ("" for a new one).
func findBinaries(binDir, made string) (binaries, error) {
	var installed []binaries
	if binDir != "" {
		given, err := inspect(binDir)
		if err != nil {
			return binaries{}, err
		}
		installed = []binaries{given}
	} else {
		installed = search()
	}
	var majors []string
	for _, found := range installed {
		if found.major < oldestMajor || found.major > newestMajor {
			continue
		}
		if made == "" || made == strconv.Itoa(found.major) {
			return found, nil
		}
		majors = append(majors, strconv.Itoa(found.major))
	}
	switch {
	case len(majors) > 0:
		return binaries{}, fmt.Errorf("pgdata was made by postgresql %s, but the server here is %s: "+
			"install postgresql-%s or upgrade a copy with pg_upgrade; nothing was changed", made, strings.Join(majors, ", "), made)
	case binDir != "":
		return binaries{}, fmt.Errorf("%s is postgresql %d, supported are %d to %d",
			binDir, installed[0].major, oldestMajor, newestMajor)
	}
	return binaries{}, fmt.Errorf("no postgresql %d to %d found: install the package postgresql "+
		"(Debian: apt-get install postgresql), name its folder with --pg-bin, or set YILU_DATABASE_URL to a server that runs already",
		oldestMajor, newestMajor)
}

// search lists what Debian's and Red Hat's packages have installed, newest
// first. A folder that does not answer is passed over: it is half removed.
func search() []binaries {
	var installed []binaries
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			panic(err) // the patterns are constant
		}
		for _, dir := range dirs {
			if found, err := inspect(dir); err == nil {
				installed = append(installed, found)
			}
		}
	}
	slices.SortFunc(installed, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	return installed
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) ([0-9]+)`)

// inspect asks the binary itself, since a folder's name proves nothing.
func inspect(dir string) (binaries, error) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, fmt.Errorf("inspect postgresql binaries: %w", err)
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("inspect postgresql binaries: %w", err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return binaries{}, errors.New("inspect postgresql binaries: " + dir + " holds another postgres: " + strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return binaries{}, fmt.Errorf("inspect postgresql binaries: %w", err)
	}
	return binaries{dir: dir, major: major}, nil
}
