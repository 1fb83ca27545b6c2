package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
	"yilu/publicity"
	"yilu/publicity/ocds"
	"yilu/publicity/site"
	"yilu/publicity/workday"
	"yilu/web"
)

// publicOptions are the settings of the public part, for the server and for what is
// exported of it.
type publicOptions struct {
	base, origin, prefix, licence, files string
	demo                                 bool
	// store has the pictures that are public; nil shows none.
	store *document.Store
}

func (env *environment) publicFlags(fs *flag.FlagSet, o *publicOptions) {
	fs.StringVar(&o.base, "base-path", setting("YILU_BASE_PATH", ""), env.say("门户挂载路径，如 /yilu (YILU_BASE_PATH)", "path a portal mounts us at, such as /yilu (YILU_BASE_PATH)"))
	fs.StringVar(&o.prefix, "ocid-prefix", setting("YILU_OCID_PREFIX", ""), env.say("已注册的 OCDS 前缀，如 ocds-213czf (YILU_OCID_PREFIX)", "registered OCDS prefix, such as ocds-213czf (YILU_OCID_PREFIX)"))
	fs.StringVar(&o.licence, "licence", setting("YILU_LICENCE", ""), env.say("数据许可的网址 (YILU_LICENCE)", "address of the data's licence (YILU_LICENCE)"))
}

// publicURL is the flag of commands that notify nobody; serve has it for its links.
func publicURL(env *environment, fs *flag.FlagSet, to *string) {
	fs.StringVar(to, "public-url", setting("YILU_PUBLIC_URL", ""), env.say("公众访问的网址，含挂载路径，用于网站地图、订阅和 OCDS (YILU_PUBLIC_URL)", "our address as the public reaches it, with the base path, for feeds, the map of the site and OCDS (YILU_PUBLIC_URL)"))
}

// withoutBase is the address of the host alone.
func (o *publicOptions) withoutBase() string {
	return strings.TrimSuffix(strings.TrimSuffix(o.origin, "/"), o.base)
}

// config is the part of the server's settings that the public pages need.
func (o *publicOptions) config(env *environment, l *ledger.Ledger, log *slog.Logger) web.Config {
	return web.Config{
		Ledger: l, Pool: l.Config.Read, Log: log, Now: time.Now, Book: ledger.Book(env.Book), BasePath: o.base, Demo: o.demo,
		Files: o.store, Origin: o.withoutBase(), Prefix: o.prefix, Licence: o.licence, Public: o.files,
	}
}

// runExport writes what people take with them.
func runExport(ctx context.Context, env *environment, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "site":
			return runExportSite(ctx, env, args[1:])
		case "ocds":
			return runExportOCDS(ctx, env, args[1:])
		}
	}
	return runExportTemplate(env, args)
}

// runExportTemplate writes the empty forms.
func runExportTemplate(env *environment, args []string) error {
	fs := env.flags("export")
	out := fs.String("o", "", env.say("写入的文件，默认 表名.xlsx", "file to write; the form's title .xlsx by default"))
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), env.say("用法：yilu export template 表名 [-o 文件]，yilu export ocds，yilu export site；表名：", "usage: yilu export template FORM [-o FILE], yilu export ocds, yilu export site; forms:"), formNames())
		env.showFlags(fs)
	}
	word, err := env.words(fs, args, 2)
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

// runExportOCDS writes a package of Open Contracting data, the same as the site
// serves.
func runExportOCDS(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("export ocds")
	var o publicOptions
	env.publicFlags(fs, &o)
	publicURL(env, fs, &o.origin)
	kind := fs.String("kind", string(ocds.Records), env.say("releases（逐次发布）或 records（汇总记录）", "releases or records"))
	project := fs.String("project", "", env.say("只导出此项目", "this project only"))
	out := fs.String("o", "-", env.say("写入的文件，- 为标准输出", "file to write, - for standard output"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	if k := ocds.Kind(*kind); k != ocds.Releases && k != ocds.Records {
		return &coded{exitUsage, errors.New("--kind: " + env.say("须为 releases 或 records", "want releases or records"))}
	}
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	publisher := web.Publisher(o.config(env, l, slog.New(slog.DiscardHandler)))
	write := func(w io.Writer) error {
		return l.Snapshot(ctx, ledger.Book(env.Book), func(at *ledger.Ledger, head ledger.Head) error {
			return publisher.Write(ctx, w, at, head, ocds.Kind(*kind), *project)
		})
	}
	if *out == "-" {
		err = write(env.Stdout)
	} else {
		err = writeFile(*out, func(f *os.File) error { return write(f) })
	}
	if errors.Is(err, ledger.ErrNotFound) {
		return &coded{exitRefused, errors.New(env.say("没有招标或合同可导出", "there is no tender or contract to export"))}
	}
	return err
}

// runExportSite copies the public part into a folder that any web server can host.
func runExportSite(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("export site")
	var o publicOptions
	env.publicFlags(fs, &o)
	out := fs.String("out", "", env.say("写入的目录（空目录或以前的副本）", "folder to write: empty, or an earlier copy"))
	asJSON := fs.Bool("json", false, env.say("以 JSON 输出", "write JSON"))
	publicURL(env, fs, &o.origin)
	fs.BoolVar(&o.demo, "demo", false, env.say("标明为演示数据", "mark the pages as made-up data"))
	fs.StringVar(&o.files, "public", setting("YILU_PUBLIC", ""), env.say("公开日志目录，默认为数据目录下的 public (YILU_PUBLIC)", "folder of the public logs; public in the data folder by default (YILU_PUBLIC)"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	if *out == "" {
		return &coded{exitUsage, errors.New(env.say("须用 --out 指明目录", "name the folder with --out"))}
	}
	if o.files == "" {
		o.files = filepath.Join(env.Data, "public")
	}
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	if folder := filepath.Join(env.Data, filesFolder); isFolder(folder) {
		if o.store, err = document.Open(folder, l.Config.Pool, l.Sealer); err != nil {
			return err
		}
		defer o.store.Close()
	}
	began := time.Now()
	s, err := env.copySite(ctx, l, o, *out)
	switch {
	case errors.Is(err, site.ErrNotACopy), errors.Is(err, site.ErrUnderWay):
		return &coded{exitRefused, err}
	case err != nil:
		return err
	case *asJSON:
		return json.NewEncoder(env.Stdout).Encode(s)
	}
	fmt.Fprintf(env.Stdout, env.say("%s：%d 个文件，%d MB，%.1f 秒\n", "%s: %d files, %d MB, %.1f s\n"), *out, s.Files, s.Bytes>>20, time.Since(began).Seconds())
	return nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// copySite copies the site as it is now; what is entered meanwhile is not in it.
func (env *environment) copySite(ctx context.Context, l *ledger.Ledger, o publicOptions, out string) (site.Summary, error) {
	bulkMemory()
	var s site.Summary
	width := runtime.GOMAXPROCS(0) + 1
	duties := publicity.Duties{Ledger: l, Pool: l.Config.Pool, Calendar: workday.StateCouncil()}
	if err := duties.CatchUp(ctx, ledger.Book(env.Book)); err != nil {
		return s, err
	}
	err := l.Freeze(ctx, ledger.Book(env.Book), width, func(frozen *ledger.Ledger) error {
		start, err := o.logFiles(env.Book)
		if err != nil {
			return err
		}
		progress := env.progress("export")
		c := &site.Copy{
			Handler: env.siteHandler(frozen, o), Base: o.base, Origin: o.withoutBase(), Folder: out, Workers: width, Live: web.LivePages,
			Start: append([]string{"/", "/en/", "/robots.txt", "/sitemap.xml"}, start...), Progress: func(done, known int64) { progress(min(done, known-1), known) },
		}
		s, err = c.Run(ctx)
		progress(1, 1)
		return err
	})
	return s, err
}

// siteHandler is the public part on a ledger, with its rules and warnings to read.
func (env *environment) siteHandler(l *ledger.Ledger, o publicOptions) http.Handler {
	config := o.config(env, l, slog.New(slog.DiscardHandler))
	config.Alerts = &alerts.Engine{Ledger: l, Pool: l.Config.Read, Rules: env.rules, Calendar: workday.StateCouncil(), Log: config.Log}
	config.Duties = &publicity.Duties{Ledger: l, Calendar: workday.StateCouncil()}
	config.Patience = time.Hour // nobody else waits for a file
	return web.New(config)
}

// logFiles are the paths of the public log's files, which no page links to one by
// one: with them a copy can be verified like the site.
func (o *publicOptions) logFiles(book string) ([]string, error) {
	var paths []string
	root := filepath.Join(o.files, book)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == root {
			return filepath.SkipAll // nothing is signed here
		}
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err == nil && strings.HasPrefix(relative, "tile") {
			paths = append(paths, "/log/"+book+"/"+filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("public log: %w", err)
	}
	return paths, nil
}
