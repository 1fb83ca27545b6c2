// Command yilu-verify checks a county's published ledger without trusting the
// server that keeps it: it needs no database, shares no code with the server but
// the arithmetic of the tree (audit/proof), and believes only the policy file
// that says whose signatures count.
//
//	yilu-verify proof FILE.tlog-proof --entry LEAF [--disclosure FILE]… [--policy FILE]
//	yilu-verify log URL|FOLDER --policy FILE [--checkpoint KEPT]… [--published URL|FILE]
//
// What it shows: that nothing in the log was changed, dropped, reordered or
// slipped in since somebody else signed or kept a checkpoint, that every entry
// was let in by the rules, and that published totals are those of the entries.
// What it cannot show: that an entry is true, or that everything was entered.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"yilu/audit/proof"
)

func main() {
	// Almost all memory is that of payments, which nobody frees: collecting
	// more often costs little and keeps the rest small.
	debug.SetGCPercent(25)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is what one call was asked to do.
type command struct {
	stdout, stderr io.Writer
	lang           string
	asJSON         bool
}

// say picks the user's language.
func (c *command) say(zh, en string) string { return text{zh, en}.in(c.lang) }

// run is main without the process, so that tests can call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, stderr: stderr, lang: language(args)}
	if len(args) == 0 {
		c.help(stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "--help", "-h", "-help":
		c.help(stdout)
		return exitPassed
	case "proof":
		return c.verifyProof(args[1:])
	case "log":
		return c.verifyLog(ctx, args[1:])
	}
	fmt.Fprintf(stderr, "yilu-verify: %s %q\n", c.say("没有这个命令", "there is no command"), args[0])
	c.help(stderr)
	return exitUsage
}

// language is --lang, or that of the environment.
func language(args []string) string {
	for i, a := range args {
		value, ok := strings.CutPrefix(strings.TrimLeft(a, "-"), "lang=")
		if !ok && strings.TrimLeft(a, "-") == "lang" && strings.HasPrefix(a, "-") && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if ok {
			return value
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "zh") {
				return "zh"
			}
			break
		}
	}
	return "en"
}

func (c *command) help(w io.Writer) {
	fmt.Fprintln(w, c.say(`yilu-verify 核验县级扶贫资金公开账簿，不依赖其服务器和数据库。

用法：
  yilu-verify proof 证明.tlog-proof --entry 分录文件 [--disclosure 披露.json]… [--policy 策略]
      核验一条分录确在签名的账簿中；可同时核对披露的保密字段
  yilu-verify log 网址|目录 --policy 策略 [--checkpoint 留存检查点]… [--published 网址|文件]
      读取全部分录，重算整棵树和各项资金、项目合计

参数写在命令之后；“yilu-verify 命令 --help”列出参数。--json 输出供程序读取；--lang zh|en 选择语言。
策略文件写明信任哪个账簿公钥、哪些见证、需几个会签（c2sp.org/tlog-policy），应从账簿以外的渠道取得。

退出码：0 全部核验并通过，1 有问题，2 参数有误，3 未发现问题但未能全部核验`, `yilu-verify checks a county's public ledger without its server or database.

usage:
  yilu-verify proof FILE.tlog-proof --entry LEAF [--disclosure FILE.json]… [--policy FILE]
      that one entry stands in the signed log; also opens disclosed private fields
  yilu-verify log URL|FOLDER --policy FILE [--checkpoint KEPT]… [--published URL|FILE]
      reads every entry, rebuilds the tree and the totals of all funds and projects

"yilu-verify COMMAND --help" lists the flags. --json is for programs; --lang zh|en chooses the language.
The policy says which key of the log, which witnesses and how many of them count (c2sp.org/tlog-policy);
get it from somebody else than the log.

exit codes: 0 everything was checked and holds, 1 something is wrong, 2 usage,
3 nothing wrong was found, but not everything could be checked`))
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

// Set appends a value.
func (l *list) Set(v string) error {
	*l = append(*l, v)
	return nil
}

// flags begins the flag set of a command.
func (c *command) flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet("yilu-verify "+name, flag.ContinueOnError)
	fs.SetOutput(c.stderr)
	fs.BoolVar(&c.asJSON, "json", false, c.say("以 JSON 输出", "write JSON"))
	fs.StringVar(&c.lang, "lang", c.lang, c.say("语言：zh 或 en", "language: zh or en"))
	return fs
}

// parse reads flags before and after the one word that the command takes.
func (c *command) parse(fs *flag.FlagSet, args []string, what string) (word string, code int) {
	for len(args) > 0 {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return "", exitPassed
			}
			return "", exitUsage
		}
		if args = fs.Args(); len(args) == 0 {
			break
		}
		if word != "" {
			return "", c.usage("unexpected %q: want one %s", args[0], what)
		}
		word, args = args[0], args[1:]
	}
	if word == "" {
		return "", c.usage("want the %s, see %s --help", what, fs.Name())
	}
	return word, -1
}

// usage says what is wrong with the command line.
func (c *command) usage(format string, args ...any) int {
	fmt.Fprintf(c.stderr, "yilu-verify: "+format+"\n", args...)
	return exitUsage
}

// finish prints the report.
func (c *command) finish(r *report) int {
	if err := r.write(c.stdout, c.lang, c.asJSON); err != nil {
		fmt.Fprintln(c.stderr, "yilu-verify:", err)
		return exitNotChecked
	}
	return r.exit()
}

// verifyProof is the command proof.
func (c *command) verifyProof(args []string) int {
	fs := c.flags("proof")
	entry := fs.String("entry", "", c.say("分录原始字节的文件", "the file with the entry's exact bytes"))
	policy := fs.String("policy", "", c.say("策略文件", "the policy file"))
	var disclosures list
	fs.Var(&disclosures, "disclosure", c.say("披露的保密字段（JSON，可多次）", "a disclosed private field (JSON, may be repeated)"))
	word, code := c.parse(fs, args, "proof file")
	if code >= 0 {
		return code
	}
	if *entry == "" {
		return c.usage("want --entry with the entry's bytes: the proof does not hold them")
	}
	j := &proofJob{report: &report{}}
	b, err := os.ReadFile(word)
	if err == nil {
		if j.file, err = proof.ParseFile(b); err != nil {
			j.report.found(malformed(-1, word, err))
			j.report.conclude(text{})
			return c.finish(j.report)
		}
		j.entry, err = os.ReadFile(*entry)
	}
	if err == nil && *policy != "" {
		j.policy, err = readPolicy(*policy)
	}
	for _, name := range disclosures {
		d, readErr := readDisclosure(name)
		err = errors.Join(err, readErr)
		j.disclosures = append(j.disclosures, d)
	}
	if err != nil {
		return c.usage("%v", err)
	}
	j.run()
	return c.finish(j.report)
}

// verifyLog is the command log.
func (c *command) verifyLog(ctx context.Context, args []string) int {
	fs := c.flags("log")
	policy := fs.String("policy", "", c.say("策略文件（必需）", "the policy file (required)"))
	shown := fs.String("published", "", c.say("公布数：服务器网址，或存下的 JSON 文件", "published figures: the server's address, or a saved JSON file"))
	maxAge := fs.Duration("max-age", 7*24*time.Hour, c.say("最近会签不得早于；0 不限", "the oldest that the last cosignature may be; 0 for any age"))
	j := &logJob{report: &report{}, now: time.Now()}
	fs.StringVar(&j.book, "book", "", c.say("账套；默认取账簿名末段", "the book; by default the last part of the log's name"))
	var kept list
	fs.Var(&kept, "checkpoint", c.say("留存的检查点：文件、证明文件，或抄自公示的三行（可多次）", "a kept checkpoint: its file, a proof file, or the three lines of a notice (may be repeated)"))
	word, code := c.parse(fs, args, "address or folder of the log")
	if code >= 0 {
		return code
	}
	if *policy == "" {
		return c.usage("want --policy: without keys to trust nothing can be verified")
	}
	var err error
	if j.policy, err = readPolicy(*policy); err != nil {
		return c.usage("%v", err)
	}
	if j.book == "" && slices.ContainsFunc(j.policy.Logs, func(l proof.Log) bool { return l.Name() != j.policy.Logs[0].Name() }) {
		return c.usage("the policy knows several logs: say with --book which county's is meant")
	}
	if j.from, err = openSource(word); err != nil {
		return c.usage("%v", err)
	}
	if j.kept, err = readKept(kept, j.policy); err != nil {
		return c.usage("%v", err)
	}
	if *shown != "" {
		j.published = &published{*shown}
	}
	j.maxAge, j.progress = *maxAge, c.progress()
	j.run(ctx)
	return c.finish(j.report)
}

// readPolicy reads a policy file.
func readPolicy(name string) (*proof.Policy, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	p, err := proof.ParsePolicy(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// progress returns a func that says how far we are, on stderr and only to a
// person, about twice a second; nil if nobody watches.
func (c *command) progress() func(done, of uint64) {
	f, ok := c.stderr.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("CI") != "" {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	begun, last := time.Now(), time.Time{}
	return func(done, of uint64) {
		now := time.Now()
		if done < of && now.Sub(last) < 500*time.Millisecond {
			return
		}
		last = now
		speed := uint64(now.Sub(begun).Milliseconds())
		if speed > 0 {
			speed = done * 1000 / speed
		}
		fmt.Fprintf(f, "\r%s %d / %d  (%d%%, %d/s) ", c.say("已核验", "verified"), done, of, done*100/max(of, 1), speed)
		if done >= of {
			fmt.Fprintln(f)
		}
	}
}
