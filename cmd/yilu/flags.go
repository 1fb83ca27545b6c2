package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"yilu/ledger"
)

// parseFlags reads flags. Asked for help, it shows that on standard output; what is wrong
// with a flag is said in the user's language, with how the command is written.
func (env *environment) parseFlags(fs *flag.FlagSet, args []string) error {
	usage := fs.Usage
	fs.Usage = func() {} // the flags of a long command would hide what is wrong with one
	fs.SetOutput(io.Discard)
	err := fs.Parse(args)
	fs.Usage = usage
	switch {
	case err == nil:
		return nil
	case errors.Is(err, flag.ErrHelp):
		fs.SetOutput(env.Stdout)
		fs.Usage()
		return err
	}
	line, _, _ := strings.Cut(env.usage(strings.TrimPrefix(fs.Name(), "yilu ")), "\n")
	return &coded{exitUsage, fmt.Errorf("%s%s%s", env.flagFault(err), env.say("。", "; "), line+env.say("（--help 看全部）", " (--help says the rest)"))}
}

// flagFaults are what package flag finds wrong.
var flagFaults = []struct {
	form   *regexp.Regexp
	zh, en string
}{
	{regexp.MustCompile(`^flag provided but not defined: -(.*)$`), "没有参数 --$1", "there is no flag --$1"},
	{regexp.MustCompile(`^flag needs an argument: -(.*)$`), "参数 --$1 后面缺少值", "the flag --$1 lacks its value"},
	{regexp.MustCompile(`^invalid (?:boolean )?value "((?s:.*))" for (?:flag )?-([^ ]*): parse error$`), "--$2 $1：读不出", "--$2 $1: this cannot be read"},
	{regexp.MustCompile(`^invalid value "((?s:.*))" for flag -([^ ]*): value out of range$`), "--$2 $1：超出范围", "--$2 $1: out of range"},
	{regexp.MustCompile(`^invalid (?:boolean )?value "((?s:.*))" for (?:flag )?-([^ ]*): ((?s:.*))$`), "--$2 $1：$3", "--$2 $1: $3"},
	{regexp.MustCompile(`^bad flag syntax: (.*)$`), "参数写法有误：$1", "this is no flag: $1"},
}

func (env *environment) flagFault(err error) string {
	for _, f := range flagFaults {
		if f.form.MatchString(err.Error()) {
			return f.form.ReplaceAllString(err.Error(), env.say(f.zh, f.en))
		}
	}
	return err.Error()
}

// kindsOfValues are what flags take, as package flag writes them behind their names.
var kindsOfValues = strings.NewReplacer(" string\n", " 文字\n", " int\n", " 整数\n", " value\n", " 值\n", " duration\n", " 时长\n", " float\n", " 数字\n")

// flagLine begins a flag in the list of them, default the words for its default.
var (
	flagLine    = regexp.MustCompile(`(?m)^  -([a-z][a-z0-9-]+)`)
	flagDefault = regexp.MustCompile(`(?m) \(default (.*)\)$`)
)

// showFlags lists the flags of a command in the user's language.
func (env *environment) showFlags(fs *flag.FlagSet) {
	out := fs.Output()
	var b bytes.Buffer
	fs.SetOutput(&b)
	fs.PrintDefaults()
	fs.SetOutput(out)
	text := flagLine.ReplaceAllString(b.String(), "  --$1")
	if env.lang == "zh" {
		text = flagDefault.ReplaceAllString(kindsOfValues.Replace(text), "（默认 $1）")
	}
	fmt.Fprint(out, text)
}

// dayFlag reads a flag that is a day.
func (env *environment) dayFlag(to *ledger.Date) func(string) error {
	return func(v string) (err error) {
		if *to, err = ledger.ParseDate(v); err != nil {
			return errors.New(env.say("须为日期，如 2020-03-31", "want a day such as 2020-03-31"))
		}
		return nil
	}
}

// day is the day that a flag was given, otherwise if it was not.
func (env *environment) day(name, v string, otherwise ledger.Date) (ledger.Date, error) {
	day := otherwise
	if v == "" {
		return day, nil
	}
	if err := env.dayFlag(&day)(v); err != nil {
		return "", &coded{exitUsage, fmt.Errorf("--%s %s%s%w", name, v, env.say("：", ": "), err)}
	}
	return day, nil
}
