// Command yilu is the server of a county's poverty-relief ledger and the tools
// of those who run it. "yilu help" lists its commands.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"yilu/ledger"
)

// Exit codes of every command.
const (
	exitOK = 0
	// exitFailed is a fault: no database, a full disk, a bug.
	exitFailed = 1
	// exitUsage is a command line that cannot be understood.
	exitUsage = 2
	// exitRefused is input that was read and refused; nothing was changed.
	exitRefused = 3
	// exitDiverged is a check that found a difference.
	exitDiverged = 4
)

// command is one subcommand of yilu.
type command struct {
	name   string
	args   string
	zh, en string
	run    func(ctx context.Context, env *environment, args []string) error
}

// commands lists the subcommands in the order of help.
func commands() []command {
	return []command{
		{"serve", "[--demo]", "运行服务（页面、API；无数据库地址时自带 PostgreSQL）", "run the server: pages, API and, without a database URL, its own PostgreSQL", runServe},
		{"migrate", "", "把数据库升级到本程序的版本", "bring the database to this program's version", runMigrate},
		{"token", "--user U --role R", "为程序接口签发令牌", "make a token for the API", runToken},
		{"account", "init|list|disable|reset", "账号：建立首批管理员、列出、停用、重设", "accounts: make the first administrators, list, disable, reset", runAccount},
		{"import", "FORM FILE", "导入项目库、计划、分配、支付、发放表、资金或资产台账（提交待审批）", "import a sheet of the library, plan, allocations, payments, grants, funds or assets, for approval", runImport},
		{"import ocds", "FILE --book B --currency C", "导入各国公开的采购数据（OCDS 1.1），另立账套", "import published procurement data (OCDS 1.1) into a book of its own", runImportOCDS},
		{"export", "template FORM", "导出空白表格模板", "write an empty form", runExport},
		{"export ocds", "[--project P]", "导出招投标与合同数据（OCDS 1.1）", "write tenders and contracts as OCDS 1.1", runExportOCDS},
		{"export site", "--out DIR", "导出公开网站的静态副本，任何网站都能托管", "copy the public site into a folder that any web server can host", runExportSite},
		{"approve", "SUBMISSION --hash H", "审批通过一个提交", "approve a submission", runApprove},
		{"reject", "SUBMISSION", "退回一个提交", "send a submission back", runReject},
		{"reverse", "SUBMISSION", "整批冲销一个提交（提交待审批）", "take back a whole submission, for approval", runReverse},
		{"notice", "--matter P3 --entries N,… [--post]", "由分录拟公告公示，指出缺的要素，可直接发布", "compose a notice of entries, name what it lacks, and post it", runNotice},
		{"slip", "--payment ID --out DIR", "打印到户补助的领款凭条（查询码），或村公示名单", "print the slips of a batch of household grants, with codes, or the lists for village boards", runSlip},
		{"demo", "[alter]", "向空账套载入演示县（襄城县2020）；alter 在数据库中改动它的一条分录，看能否被发现", "load the demonstration county into an empty book; alter changes an entry of it in the database, to see it found", runDemo},
		{"rebuild", "", "由账簿重算全部投影并核对", "replay the log into the projections and compare", runRebuild},
		{"signer", "[init|rotate|retire|sm2|recover]", "签名检查点（serve 已内含；可独立运行）", "sign checkpoints: part of serve, or a process of its own", runSigner},
		{"disclose", "SEQ FIELD --to OFFICE", "向审计单位披露一个加密字段（附证明，记入账簿）", "open one sealed value to an auditor, with its proof, on the record", runDisclose},
		{"erase", "SEQ FIELD --ground G", "依法删除一个加密字段（提交待审批）", "erase one sealed value by law, for approval", runErase},
		{"verify", "[--all]", "逐条重算哈希，核对账簿；--all 并核对签名与防护", "recompute every hash; --all also checks signatures and guards", runVerify},
		{"backup", "--out DIR", "备份数据库到新目录并核对（不含密钥）", "back the database up into a new folder and check it, without keys", runBackup},
		{"restore", "--from DIR --data NEW", "由备份恢复到新的数据目录；缺少已公布的分录时只读", "restore a backup into a new data folder; read-only while published entries are missing", runRestore},
		{"doctor", "[--json]", "检查数据库、签名、磁盘、备份和设置，每项一行", "check database, signer, disks, backups and settings, a line each", runDoctor},
		{"rules", "check|test|backtest|backfill|explain|submit", "预警规则：检查、测试、回测、补评、说明、提交启用", "warning rules: check, test, back-test, back-fill, explain, submit for activation", runRules},
		{"bench", "[--figures A,B]", "测量性能指标", "measure the figures of speed and memory", runBench},
	}
}

func main() {
	serveMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// limitMemory lets garbage grow to so many percent of what lives, but rather
// collects more often than take more bytes. GOGC and GOMEMLIMIT have the last word.
func limitMemory(percent int, bytes int64) {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(bytes)
	}
}

// serveMemory is the bound of every command that does not ask for another.
func serveMemory() { limitMemory(300, 72<<20) }

// bulkMemory is the bound of what makes a lot at once while nobody else is served: a
// load of the demonstration, an export of all pages.
func bulkMemory() { limitMemory(300, 512<<20) }

// holdBook lets a command that has a whole book in memory take what that needs: below,
// it would do nothing but collect garbage.
func holdBook() { limitMemory(200, math.MaxInt64) }

// run is main without the process, so that tests can call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	env := newEnvironment(stdout, stderr)
	if len(args) == 2 && args[0] == "help" && args[1] == "--config" {
		return report(env, reference(stdout))
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		help(env, stdout)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return report(env, c.run(ctx, env, args[1:]))
		}
	}
	fmt.Fprintf(stderr, "yilu: %s %q\n", env.say("没有这个命令", "there is no command"), args[0])
	help(env, stderr)
	return exitUsage
}

// coded is an error with its exit code. An empty message was said already.
type coded struct {
	code int
	err  error
}

func (e *coded) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *coded) Unwrap() error { return e.err }

// report says an error on stderr and turns it into an exit code.
func report(env *environment, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	code := exitFailed
	if c, ok := errors.AsType[*coded](err); ok {
		code = c.code
	}
	if msg := err.Error(); msg != "" {
		if problems := problemsOf(err); len(problems) > 0 { // each in the user's language
			var lines []string
			for _, p := range problems {
				lines = append(lines, p.Field+env.say("："+p.Zh, ": "+p.En))
			}
			msg = strings.Join(lines, "\nyilu: ")
		}
		if errors.Is(err, context.Canceled) {
			msg = env.say("已中断：", "interrupted: ") + msg
		}
		if errors.Is(err, ledger.ErrUnknown) {
			msg = env.say("是否已入账尚不清楚，请到账簿核对后再重新运行：", "look into the book before you run this again: ") + msg
		}
		fmt.Fprintln(env.Stderr, "yilu: "+msg)
	}
	return code
}

func help(env *environment, w io.Writer) {
	fmt.Fprintln(w, env.say("一律：扶贫资金从指标文到收款人，一分不差，全程可查。", "Yilü follows poverty-relief money from the document to the payee, to the fen."))
	fmt.Fprintln(w)
	fmt.Fprintln(w, env.say("用法：yilu 命令 [参数]；yilu 命令 --help 看参数，yilu help --config 列出全部设置", "usage: yilu COMMAND [FLAGS]; yilu COMMAND --help lists the flags, yilu help --config all settings"))
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-34s %s\n", strings.TrimSpace(c.name+" "+c.args), env.say(c.zh, c.en))
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, env.say("退出码：0 成功，1 故障，2 参数有误，3 内容被拒（未作任何更改），4 核对不一致", "exit codes: 0 done, 1 fault, 2 usage, 3 input refused (nothing changed), 4 a check found a difference"))
}
