# make run     everything, from a clean clone to a page on 127.0.0.1:7070
# make test    everything, from a clean clone to the last test
# make build   bin/safehouse and bin/safehouse-verify
# make check   form, layering, licences     make bench   measurements, with figures
# make crash   kills commands at each step that reaches the disk (5 minutes)
# make setup   only brings what is needed; repeating it is cheap

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
export GOTOOLCHAIN := local
LISTEN ?= 127.0.0.1:7070

.PHONY: setup build run test check bench crash

setup:
	@scripts/setup.sh

build: setup
	@echo "build: bin/safehouse"
	@CGO_ENABLED=1 go build -trimpath -o bin/safehouse ./cmd/safehouse
	@echo "build: bin/safehouse-verify"
	@CGO_ENABLED=0 go build -trimpath -o bin/safehouse-verify ./cmd/safehouse-verify

# demo/ is thrown away when the job did not come to its end.
run: build
	@if [ ! -e demo/.whole ]; then rm -rf demo; examples/main-job.sh demo; touch demo/.whole; \
	else echo "run: demo/ is there from last time; remove it to do the job again"; fi
	@echo "run: http://$(LISTEN)"
	@SAFEHOUSE_PASSPHRASE_FILE=demo/researcher.passphrase \
	bin/safehouse --data demo/data serve --demo --idle 24h --bundle demo --listen $(LISTEN)

test:
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory build
	go test -timeout 40m ./...

check: setup
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	[ -z "$$unformatted" ] || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test ./internal/layers ./internal/licences

crash:
	@scripts/setup.sh test
	go test -tags crash -timeout 40m -run AtEachDurableStep -v ./cmd/safehouse

bench: build
	@for program in bench/*/; do echo "bench: $$program"; go run "./$$program"; done
