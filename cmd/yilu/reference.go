package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// environmentOnly are settings without a flag, since a list of processes shows flags.
var environmentOnly = []struct{ name, zh, en string }{
	{"YILU_DATABASE_URL", "服务账号（yilu_service）的数据库地址；空则自带 PostgreSQL", "database URL of the service's login (yilu_service); empty runs our own PostgreSQL"},
	{"YILU_OWNER_URL", "迁移、备份、令牌等用的数据库地址；空则同上", "database URL for migrations, backups and tokens; empty takes the one above"},
	{"YILU_SEAL_SECRET_FILE", "密封个人信息的密钥文件；默认数据目录 seal.secret", "file of the secret that seals personal values; seal.secret in the data folder by default"},
	{"LANG", "命令行语言：zh 开头为中文，否则英文", "language of the command line: Chinese if it begins with zh, else English"},
	{"NO_COLOR, CI", "任一非空：不画进度条", "either one not empty: no progress bars"},
	{"GOGC, GOMEMLIMIT", "任一非空：不用程序自带的内存上限", "either one not empty: replaces the program's own bounds on memory"},
}

// subcommands are the words by which a command does something else, with flags of its
// own. The first run of each is without.
var subcommands = map[string][]string{
	"token": {"list", "revoke ID"}, "signer": {"init", "rotate", "retire", "sm2", "recover"}, "restore": {"confirm"},
	"account": {"init", "list", "disable", "reset"},
	"rules":   {"check", "test", "backtest", "backfill", "explain", "submit"},
}

// described is one flag of one or more commands.
type described struct {
	name, variable, otherwise, zh, en string
	commands                          []string
}

var variableName = regexp.MustCompile(`\s*\((YILU_[A-Z_]+)\)$`)

// describeFlags asks every command for its flags, in both languages. Nothing is run.
func describeFlags() (all []*described, silent []string) {
	known := map[string]*described{}
	for _, c := range commands() {
		lines := []string{""}
		lines = append(lines, subcommands[c.name]...)
		for _, sub := range lines {
			name := strings.TrimSpace(c.name + " " + sub)
			zh, en := flagsOf(c, sub, "zh"), flagsOf(c, sub, "en")
			if en == nil && len(lines) == 1 {
				silent = append(silent, name)
			}
			for _, flagName := range slices.Sorted(maps.Keys(en)) {
				f := en[flagName]
				d := &described{name: flagName, otherwise: f.DefValue, en: f.Usage, zh: zh[flagName].Usage}
				if match := variableName.FindStringSubmatch(f.Usage); match != nil {
					d.variable = match[1]
					d.en, d.zh = variableName.ReplaceAllString(d.en, ""), variableName.ReplaceAllString(d.zh, "")
				}
				if flagName == "data" {
					d.otherwise = "data；root: /var/lib/yilu"
				}
				key := flagName + "\x00" + d.variable + "\x00" + d.en + "\x00" + d.otherwise
				if known[key] == nil {
					known[key] = d
					all = append(all, d)
				}
				known[key].commands = append(known[key].commands, name)
			}
		}
	}
	return all, silent
}

// flagsOf are the flags of one command, nil if it has none of its own.
func flagsOf(c command, sub, lang string) map[string]*flag.Flag {
	env := &environment{Stdout: io.Discard, Stderr: io.Discard, lang: lang}
	_ = c.run(context.Background(), env, append(strings.Fields(sub), "--help")) // help is all that comes of it
	if env.made == nil {
		return nil
	}
	found := map[string]*flag.Flag{}
	env.made.VisitAll(func(f *flag.Flag) { found[f.Name] = f })
	return found
}

// reference writes the reference of all settings as Markdown, with the defaults that
// hold where the environment says nothing.
func reference(w io.Writer) error {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "YILU_") {
			defer os.Setenv(name, value)
			os.Unsetenv(name)
		}
	}
	all, silent := describeFlags()
	if len(silent) > 0 {
		return fmt.Errorf("these commands do not list their flags: %s", strings.Join(silent, ", "))
	}
	var b strings.Builder
	b.WriteString("# Settings 设置参考\n\nWritten by `yilu help --config`; do not edit. A flag wins over its variable, the variable over the default.\n" +
		"由 `yilu help --config` 生成，请勿手改。命令行参数优先于环境变量，环境变量优先于默认值。\n\n" +
		"## Environment only 仅环境变量\n\n| variable | 说明 | meaning |\n|---|---|---|\n")
	for _, e := range environmentOnly {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.name, e.zh, e.en)
	}
	b.WriteString("\n## Flags with a variable 参数与环境变量\n\n| flag | variable | default | 说明 | meaning | commands |\n|---|---|---|---|---|---|\n")
	slices.SortStableFunc(all, func(x, y *described) int { return cmp.Compare(x.variable, y.variable) })
	most := 0
	for _, d := range all {
		most = max(most, len(d.commands))
	}
	for _, d := range all {
		if d.variable == "" {
			continue
		}
		commands := strings.Join(d.commands, ", ")
		if len(d.commands) == most {
			commands = "all 全部"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s | %s | %s |\n", d.name, d.variable, code(d.otherwise), d.zh, d.en, commands)
	}
	b.WriteString("\n## Other flags 其他参数\n\n| command | flag | default | 说明 | meaning |\n|---|---|---|---|---|\n")
	for _, d := range all {
		if d.variable == "" {
			fmt.Fprintf(&b, "| %s | `--%s` | %s | %s | %s |\n", strings.Join(d.commands, ", "), d.name, code(d.otherwise), d.zh, d.en)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
