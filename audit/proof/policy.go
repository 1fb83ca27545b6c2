package proof

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Policy says whom to believe: the keys of the log, the keys of the witnesses,
// and how many of them must have cosigned (c2sp.org/tlog-policy). It is the one
// thing a verifier has to get from somebody else than the log.
//
//	# the county's log; during a change of keys both lines stand here
//	log fund.example.gov.cn/411025+e9217332+AQOhB7/z…
//
//	witness audit    audit.example.gov.cn+1234abcd+BA…     https://audit.example.gov.cn/witness
//	witness province province.example.gov.cn+2345bcde+BA…
//	witness college  college.example.edu.cn+3456cdef+BA…
//	group   outside 2 audit province college
//	quorum  outside
//
// Several log lines mean that any one of them signs. The threshold of a group is
// a number, any or all; "quorum none" asks for no witness.
type Policy struct {
	Logs      []Log
	Witnesses []Witness
	groups    []group
	quorum    string // "none", or a witness or group
}

// Log is one key of a log. The name in its key is the log's origin.
type Log struct {
	Key string
	URL string // "" if the policy names none
	verifier
}

// Witness is one witness by the name the policy gives it.
type Witness struct {
	Name string
	Key  string
	URL  string // where it takes submissions, "" if the policy names none
	verifier
}

// verifier checks the signatures of one key.
type verifier struct {
	note.Verifier
	// public is the key itself, whatever it is called.
	public string
}

// group counts as cosigned when at least need of its members do.
type group struct {
	name    string
	need    int
	members []string
}

// noQuorum is the quorum that asks for nobody.
const noQuorum = "none"

// ParsePolicy reads a policy. Errors name the line. One line too many is refused
// as well as one too few: a policy that does not mean what its writer thinks is
// worse than none.
func ParsePolicy(text []byte) (*Policy, error) {
	p := &Policy{}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if i := bytes.IndexFunc(bytes.TrimSuffix(line, []byte("\n")), func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }); i >= 0 {
			return nil, fmt.Errorf("policy line %d: a control character at byte %d, only tabs and newlines may be", number, i)
		}
		words := strings.FieldsFunc(string(line), func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.line(words[0], words[1:]); err != nil {
			return nil, fmt.Errorf("policy line %d: %w", number, err)
		}
	}
	if p.quorum == "" {
		return nil, fmt.Errorf("policy after line %d: no quorum line; write \"quorum none\" to ask for no witness", number)
	}
	return p, nil
}

// line takes in one line of a policy.
func (p *Policy) line(word string, rest []string) error {
	switch word {
	case "log":
		return p.addLog(rest)
	case "witness":
		return p.addWitness(rest)
	case "group":
		return p.addGroup(rest)
	case "quorum":
		if len(rest) != 1 {
			return errors.New("want: quorum NAME, of a witness or group above, or none")
		}
		if p.quorum != "" {
			return errors.New("a second quorum line")
		}
		if rest[0] != noQuorum && !p.knows(rest[0]) {
			return fmt.Errorf("the quorum %q is no witness or group of a line above", rest[0])
		}
		p.quorum = rest[0]
		return nil
	}
	return fmt.Errorf("%.40q, want log, witness, group or quorum", word)
}

// addLog takes: log KEY [URL].
func (p *Policy) addLog(rest []string) error {
	if len(rest) < 1 || len(rest) > 2 {
		return errors.New("want: log KEY [URL]")
	}
	v, err := logVerifier(rest[0])
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.Logs, func(l Log) bool { return l.public == v.public }) {
		return errors.New("a second line with this log's key")
	}
	p.Logs = append(p.Logs, Log{Key: rest[0], URL: strings.Join(rest[1:], ""), verifier: v})
	return nil
}

// addWitness takes: witness NAME KEY [URL].
func (p *Policy) addWitness(rest []string) error {
	if len(rest) < 2 || len(rest) > 3 {
		return errors.New("want: witness NAME KEY [URL]")
	}
	if err := p.newName(rest[0]); err != nil {
		return err
	}
	v, err := witnessVerifier(rest[1])
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.Witnesses, func(w Witness) bool { return w.public == v.public }) {
		return errors.New("a second line with this witness's key")
	}
	p.Witnesses = append(p.Witnesses, Witness{Name: rest[0], Key: rest[1], URL: strings.Join(rest[2:], ""), verifier: v})
	return nil
}

// addGroup takes: group NAME NUMBER|any|all MEMBER….
func (p *Policy) addGroup(rest []string) error {
	if len(rest) < 3 {
		return errors.New("want: group NAME NUMBER|any|all MEMBER…")
	}
	if err := p.newName(rest[0]); err != nil {
		return err
	}
	g := group{name: rest[0], members: rest[2:]}
	switch rest[1] {
	case "any":
		g.need = 1
	case "all":
		g.need = len(g.members)
	default:
		n, err := strconv.Atoi(rest[1])
		if err != nil || n < 1 || n > len(g.members) || strconv.Itoa(n) != rest[1] {
			return fmt.Errorf("the threshold %.20q, want any, all or 1 to %d", rest[1], len(g.members))
		}
		g.need = n
	}
	for _, member := range g.members {
		if !p.knows(member) {
			return fmt.Errorf("the member %q is no witness or group of a line above", member)
		}
		if p.isMember(member) || countOf(g.members, member) > 1 {
			return fmt.Errorf("%q is a member twice: each witness counts once", member)
		}
	}
	p.groups = append(p.groups, g)
	return nil
}

// newName holds a name to being free. Witnesses and groups share their names.
func (p *Policy) newName(name string) error {
	if name == noQuorum || p.knows(name) {
		return fmt.Errorf("the name %q is taken", name)
	}
	return nil
}

func (p *Policy) knows(name string) bool {
	return slices.ContainsFunc(p.Witnesses, func(w Witness) bool { return w.Name == name }) || p.group(name) != nil
}

func (p *Policy) group(name string) *group {
	if i := slices.IndexFunc(p.groups, func(g group) bool { return g.name == name }); i >= 0 {
		return &p.groups[i]
	}
	return nil
}

// isMember says whether some group above has the member already.
func (p *Policy) isMember(name string) bool {
	return slices.ContainsFunc(p.groups, func(g group) bool { return slices.Contains(g.members, name) })
}

func countOf(names []string, name string) (n int) {
	for _, other := range names {
		if other == name {
			n++
		}
	}
	return n
}

// Verifier implements note.Verifiers over all keys of the policy.
func (p *Policy) Verifier(name string, hash uint32) (note.Verifier, error) {
	for _, l := range p.Logs {
		if l.is(name, hash) {
			return l.Verifier, nil
		}
	}
	for _, w := range p.Witnesses {
		if w.is(name, hash) {
			return w.Verifier, nil
		}
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

func (v verifier) is(name string, hash uint32) bool {
	return v.Name() == name && v.KeyHash() == hash
}

// Quorum returns nil if the witnesses of these names are enough, and else says
// who is missing.
func (p *Policy) Quorum(cosigned []string) error {
	if p.quorum == noQuorum || p.holds(p.quorum, cosigned) {
		return nil
	}
	if g := p.group(p.quorum); g != nil {
		var missing []string
		for _, member := range g.members {
			if !p.holds(member, cosigned) {
				missing = append(missing, member)
			}
		}
		return fmt.Errorf("the quorum %q asks for %d of %d, there are %d; missing: %s", g.name, g.need, len(g.members), len(g.members)-len(missing), strings.Join(missing, ", "))
	}
	return fmt.Errorf("the witness %q has not cosigned", p.quorum)
}

// holds says whether a witness is among those that cosigned, or enough of a
// group are. Groups name only lines above, so this ends.
func (p *Policy) holds(name string, cosigned []string) bool {
	g := p.group(name)
	if g == nil {
		return slices.Contains(cosigned, name)
	}
	n := 0
	for _, member := range g.members {
		if p.holds(member, cosigned) {
			n++
		}
	}
	return n >= g.need
}

// cutKey splits a vkey, NAME+HASH+BASE64, checks that its hash is that of its
// name and key, and returns the key's first byte, which names the algorithm.
func cutKey(vkey string) (name string, hash uint32, algorithm byte, key []byte, err error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return "", 0, 0, nil, fmt.Errorf("the key %.80q, want NAME+HASH+BASE64", vkey)
	}
	name, text := parts[0], parts[2]
	if err := checkName(name); err != nil {
		return "", 0, 0, nil, fmt.Errorf("the key's name %q: %w", name, err)
	}
	key, err = parseBase64(text)
	if err != nil || len(key) < 2 {
		return "", 0, 0, nil, fmt.Errorf("the key of %s: %.40q is not base64 of a key", name, text)
	}
	hash = keyHash(name, key)
	if want := fmt.Sprintf("%08x", hash); parts[1] != want {
		return "", 0, 0, nil, fmt.Errorf("the key of %s says hash %.20q and has %s: it was copied wrongly or changed", name, parts[1], want)
	}
	return name, hash, key[0], key[1:], nil
}
