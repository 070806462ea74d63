# Two commands matter: `make run` and `make test`.

ADDR ?= 127.0.0.1:8480
DATA ?= data
DEMO ?= 1

# One set of flags for building and testing, so that nothing is compiled twice.
export GOFLAGS = -trimpath
export CGO_ENABLED = 0
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
GO_SOURCES := $(shell find cmd client internal web -name node_modules -prune -o -name '*.go' -print 2>/dev/null) go.mod

.PHONY: run build test check-go check-web e2e soak bench clean deps

## run: build everything and start on http://$(ADDR) with the store in ./$(DATA)
run: build
	./bin/zhidan serve --data $(DATA) --addr $(ADDR) $(if $(filter 1,$(DEMO)),--demo,)

## build: bin/zhidan with the web app embedded
build: bin/zhidan

bin/zhidan: web/dist/index.html $(GO_SOURCES)
	go build -ldflags '-s -w' -o bin/zhidan ./cmd/zhidan

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build

## test: everything, on SQLite and on a throwaway PostgreSQL, and in Chromium
test: deps build
	./scripts/test

deps:
	./scripts/deps

check-web: web/node_modules/.installed
	cd web && npm run check

## soak: the long ones — kills, full disks, a million mutations
soak: build
	./scripts/soak

clean:
	rm -rf bin web/dist/assets web/dist/index.html
