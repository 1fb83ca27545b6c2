package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"yilu/ledger/sheet"
)

// runExport writes what people take with them: the empty forms.
func runExport(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("export")
	out := fs.String("o", "", env.say("写入的文件，默认 表名.xlsx", "file to write; the form's title .xlsx by default"))
	fs.Usage = func() {
		fmt.Fprintln(env.Stderr, env.say("用法：yilu export template 表名 [-o 文件]；表名：", "usage: yilu export template FORM [-o FILE]; forms:"), formNames())
		fs.PrintDefaults()
	}
	word, err := words(fs, args, 2)
	if err != nil {
		return err
	}
	form, ok := sheet.FormOf(word[1])
	if word[0] != "template" || !ok {
		return &coded{exitUsage, errors.New(env.say("用法：yilu export template 表名；表名：", "usage: yilu export template FORM; forms: ") + formNames())}
	}
	path := *out
	if path == "" {
		path = form.Zh + ".xlsx"
	}
	if err := writeFile(path, func(f *os.File) error { return sheet.Template(f, form) }); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	fmt.Fprintln(env.Stdout, path)
	return nil
}
