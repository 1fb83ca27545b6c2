# Yilü 一律. "make run" shows it, "make test" is all there is to pass.

GO        ?= go
ARGS      ?=
FIGURES   ?=
FUZZTIME  ?= 30s
SIMFOR    ?= 10m
ROUNDS    ?= 100
# Packages whose tests do one thing after the other: the race detector finds nothing
# there and takes minutes. What they call is raced in its own package: an import from the
# shell has the sheet's and the ledger's goroutines, as web's imports have.
ALONE     := ^yilu$$|/audit/(proof|rowset|tile)$$|/cmd/|/ledger/(ocds|sheet)$$|/alerts/(rules|formula|fact|rule|rule/gate)$$|/publicity/(ocds|photo|scan|workday)$$
# Of these, what does several things at once is raced by its name, and the rest is run
# without. TestKill… of alerts is not raced: the processes that it kills cannot tell.
PARTLY    := /alerts$$|/web$$
export RACED := AtOnce|ImportKilled|Abort|Concurrent|Stream|Watch|Many|Two|Follow|Once
# The stages of test. Side by side tests take each other's processor time, and what waits
# for something waits in vain: only lint, which waits for nothing, goes beside the pages,
# which wait half of theirs, and takes what they leave. Each says a line, or what failed.
STAGES := lint pages race rest
# One way to compile: vet, lint, tests and build share what is compiled. Tables for
# debuggers, which nobody reads here, are a seventh of the work.
export GOFLAGS := $(GOFLAGS) -trimpath -gcflags=all=-dwarf=false
export CGO_ENABLED ?= 0
export GO
# A compiler lives for seconds: its garbage may wait. Tests run without these, see .ci/partly.
HASTE := GOGC=400 GOMEMLIMIT=2GiB

.PHONY: help build run test $(STAGES) bench fuzz sim db golden clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/yilu and bin/yilu-verify
	$(HASTE) $(GO) build -o bin/ ./cmd/...

run: ## run it with demonstration data; installs what is missing
	@.ci/install postgresql
	$(MAKE) --no-print-directory build
	./bin/yilu serve --demo $(ARGS)

test: ## check everything: style, lint, race, pages; installs what is missing
	@.ci/install postgresql gcc pages
	@$(MAKE) --no-print-directory -s build
	@$(MAKE) --no-print-directory -j2 lint pages
	@$(MAKE) --no-print-directory -j1 race rest

lint:
	@$(HASTE) .ci/stage $@ nice -n 19 .ci/lint

# Packages that take long come first, so that the other core has work to the end.
race:
	@$(HASTE) CGO_ENABLED=1 .ci/stage $@ $(GO) test -race -vet=off -timeout 9m -exec "'$(CURDIR)/.ci/partly' -test.run" ./web ./alerts ./ledger $$($(GO) list ./... | grep -vE '$(ALONE)')

rest:
	@$(HASTE) .ci/stage $@ $(GO) test -vet=off -timeout 9m -exec "'$(CURDIR)/.ci/partly' -test.skip" ./web ./alerts ./cmd/yilu $$($(GO) list ./... | grep -E '$(ALONE)|$(PARTLY)')

pages:
	@.ci/stage $@ .ci/pages

bench: build ## measure speed and memory, one line per figure; FIGURES=name,… picks some
	./bin/yilu bench --figures "$(FIGURES)"

fuzz: ## fuzz each target for FUZZTIME
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test $$package -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x || exit 1; \
		done; \
	done

sim: ## run the simulation with new seeds for SIMFOR, then ROUNDS of kill -9
	$(GO) test ./ledger -count=1 -timeout 3h -run '^TestSim$$' -simfor=$(SIMFOR)
	$(GO) test ./ledger -count=1 -timeout 3h -run Kill -rounds=$(ROUNDS)

db: ## run a throw-away migrated PostgreSQL until ^C, and print its URLs
	@.ci/install postgresql
	@$(GO) run ./migrations/pgserver/throwaway

golden: ## write the golden files of the tests anew; read the diff
	YILU_GOLDEN=write $(GO) test ./...

clean: ## remove what build made
	rm -rf bin
