package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"yilu/publicity"
	"yilu/web"
)

// formOptions are the settings of what the public types, and of papers with names.
type formOptions struct {
	objections, slips, names string
}

func (env *environment) formFlags(fs *flag.FlagSet) *formOptions {
	o := &formOptions{}
	fs.StringVar(&o.objections, "objection-limit", setting("YILU_OBJECTION_LIMIT", "20/300"), env.say("每小时最多收多少件反映和回执查询：每个地址/全部 (YILU_OBJECTION_LIMIT)", "objections and receipts taken in an hour: of one address/in all (YILU_OBJECTION_LIMIT)"))
	fs.StringVar(&o.slips, "slip-limit", setting("YILU_SLIP_LIMIT", "30/1200"), env.say("每小时最多查多少次凭条：每个地址/全部 (YILU_SLIP_LIMIT)", "codes of slips looked up in an hour: of one address/in all (YILU_SLIP_LIMIT)"))
	env.nameFlag(fs, &o.names)
	return o
}

// nameFlag is how names of households stand on printed lists.
func (env *environment) nameFlag(fs *flag.FlagSet, to *string) {
	fs.StringVar(to, "board-names", setting("YILU_BOARD_NAMES", publicity.NamesMasked), env.say("村公示名单上的姓名：masked（遮挡）、full（全名）、none（不印） (YILU_BOARD_NAMES)", "names on lists for village boards: masked, full or none (YILU_BOARD_NAMES)"))
}

func knownNames(env *environment, names string) error {
	if slices.Contains(publicity.BoardNames, names) {
		return nil
	}
	return &coded{exitUsage, errors.New("--board-names: " + env.say("须为 ", "want one of ") + strings.Join(publicity.BoardNames, ", "))}
}

// fill puts the settings into the server's.
func (o *formOptions) fill(env *environment, config *web.Config) error {
	if err := knownNames(env, o.names); err != nil {
		return err
	}
	config.BoardNames = o.names
	l := &config.Limits
	for _, limit := range []struct {
		flag, text string
		each, all  *int
	}{{"objection-limit", o.objections, &l.ObjectionsEach, &l.Objections}, {"slip-limit", o.slips, &l.SlipsEach, &l.Slips}} {
		var rest string
		n, _ := fmt.Sscanf(limit.text, "%d/%d%s", limit.each, limit.all, &rest)
		if n != 2 || *limit.each < 1 || *limit.all < *limit.each {
			return &coded{exitUsage, fmt.Errorf("--%s: %s", limit.flag, env.say("须形如 20/300：每个地址/全部", "want a form such as 20/300: of one address/in all"))}
		}
	}
	return nil
}
