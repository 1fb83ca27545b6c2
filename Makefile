# Yilü 一律. "make run" shows it, "make test" is all there is to pass.

GO        ?= go
ARGS      ?=
FIGURES   ?=
FUZZTIME  ?= 30s
SIMFOR    ?= 10m
ROUNDS    ?= 100
# Packages whose tests do one thing after the other: the race detector finds nothing
# there and takes minutes. What they call is raced in its own package.
ALONE     := ^yilu$$|/audit/(proof|rowset|tile)$$|/cmd/yilu/demo$$|/cmd/yilu-verify$$|/ledger/(ocds|sheet)$$|/alerts/(rules|formula|fact|rule|rule/gate)$$|/publicity/(ocds|photo|scan|workday)$$
# Of these, what does several things at once is raced by its name, and the rest is run
# without. TestKill… of alerts is not raced: the processes that it kills cannot tell.
PARTLY    := ./alerts ./cmd/yilu ./web
RACED     := AtOnce|ImportKilled|Abort|Concurrent|Stream|Watch|Many|Two|Follow|Once
# The stages of test, one after the other: side by side they take each other's processor
# time, and what waits for something waits in vain. Each says a line, or what failed.
STAGES := lint race raced rest pure bytes pages
# One way to compile: vet, lint, tests and build share what is compiled.
export GOFLAGS := $(GOFLAGS) -trimpath
export CGO_ENABLED ?= 0
export GO

.PHONY: help build run test $(STAGES) bench fuzz sim db golden clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/yilu and bin/yilu-verify
	$(GO) build -o bin/ ./cmd/...

run: ## run it with demonstration data; installs what is missing
	@.ci/install postgresql
	$(MAKE) --no-print-directory build
	./bin/yilu serve --demo $(ARGS)

test: ## check everything: style, lint, race, pages; installs what is missing
	@.ci/install postgresql gcc pages
	@$(MAKE) --no-print-directory -j1 $(STAGES)

lint:
	@.ci/stage $@ .ci/lint

race:
	@CGO_ENABLED=1 .ci/stage $@ $(GO) test -race -vet=off -timeout 9m $$($(GO) list ./... | grep -vE '$(ALONE)|/alerts$$|/cmd/yilu$$|/web$$')

raced:
	@CGO_ENABLED=1 .ci/stage $@ $(GO) test -race -vet=off -timeout 9m -run '$(RACED)' $(PARTLY)

rest:
	@.ci/stage $@ $(GO) test -vet=off -timeout 9m -skip '$(RACED)' $(PARTLY)

pure:
	@.ci/stage $@ $(GO) test -vet=off -timeout 9m $$($(GO) list ./... | grep -E '$(ALONE)' | grep -v /yilu-verify)

# A run of the verifier keeps little and is made a hundred thousand times: garbage may wait.
bytes:
	@GOGC=1600 GOMEMLIMIT=1GiB .ci/stage $@ $(GO) test -vet=off -timeout 9m ./cmd/yilu-verify -every-byte

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
