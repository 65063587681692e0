# make demo: the page, with the shipped weights. make test: every test.
# make help lists the rest.

export GOFLAGS := -buildvcs=false
STATIC := native/internal/server/static
GO_PAGE := GOOS=js GOARCH=wasm go build -trimpath -ldflags='-s -w'

.DEFAULT_GOAL := help
.PHONY: help demo build page test test-go test-ports deps check bench train fuzz

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: build ## serve the page with the shipped weights, print its address
	bin/mien demo

build: page ## build bin/mien with the page inside
	go build -trimpath -o bin/mien ./native

page: ## build the page's WebAssembly and compress it
	@mkdir -p $(STATIC)
	@find $(STATIC) -mindepth 1 ! -name .keep -delete
	$(GO_PAGE) -o $(STATIC)/stage.wasm ./wasm/stage
	$(GO_PAGE) -o $(STATIC)/worker.wasm ./wasm/worker
	cp -r web/. $(STATIC)/
	cp "$$(go env GOROOT)/lib/wasm/wasm_exec.js" $(STATIC)/
	go run ./tools/precompress $(STATIC)

test: deps build ## run every test (installs Chromium on Debian as root)
	+@$(MAKE) --no-print-directory -j2 test-go test-ports

# The longest first, or one core idles at the end. What a test has freed stays with it until
# the kernel wants it: large networks are built over and over.
test-go:
	GODEBUG=madvdontneed=0 go test -timeout 25m ./native/internal/train ./...

# The CPU device as the page and other processors run it; beside the rest, as neither keeps
# two cores busy to the end.
test-ports:
	sh tools/test-arm64.sh
	GOOS=js GOARCH=wasm go test -exec 'node $(CURDIR)/tools/wasmtest/run.cjs' ./shared/device/cpu/...
	GOOS=js GOARCH=wasm go test -run Goldens/cpu -exec 'node $(CURDIR)/tools/wasmtest/run.cjs' ./native/internal/meshtest
	MIEN_THREADS=3 GOOS=js GOARCH=wasm go test -run 'SameBits|Split' -exec 'node $(CURDIR)/tools/wasmtest/run.cjs' ./shared/device/cpu ./shared/edit
	MIEN_SIMD=kernel.wasm GOOS=js GOARCH=wasm go test -exec 'node $(CURDIR)/tools/wasmtest/run.cjs' ./shared/device/cpu/...

deps:
	@sh tools/install-test-deps.sh

check: ## format, vet, staticcheck, import direction, generated code
	@test -z "$$(gofmt -l native shared tools wasm weights)" || { gofmt -d native shared tools wasm weights; exit 1; }
	go vet ./...
	GOOS=js GOARCH=wasm go vet ./shared/... ./wasm/...
	go tool staticcheck ./...
	go build -o bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	GOOS=js GOARCH=wasm bin/staticcheck ./wasm/... ./shared/...
	go run ./tools/imports
	sh tools/check-generated.sh

bench: build ## print GFLOP/s, images/s, ms a frame; beside PyTorch where it is installed, and TensorFlow.js
	@sh tools/install-bench-deps.sh
	if tools/peer.py --check; then bin/mien bench --device cpu --peer tools/peer.py --training tiny,mien,e8:8; else bin/mien bench --device cpu --training tiny,mien,e8:8; fi
	-bin/mien bench --device webgpu --training tiny,mien,e8:8
	go test -run '^$$' -bench . -benchtime 1s ./shared/device/cpu/... ./shared/device/webgpu ./shared/edit ./native/internal/train ./native/internal/dataset ./native/internal/metric ./native/internal/meshtest ./native/internal/browsertest

train: build ## train the tiny preset on drawn faces
	bin/mien train --preset tiny --data synth

fuzz: ## every fuzzer for 30 s, or FOR=5m (by hand)
	grep -rEo '^func Fuzz[A-Za-z]+' --include='*_test.go' native shared | while IFS=: read -r file name; do \
		go test -run '^$$' -fuzz "^$${name#func }$$" -fuzztime "$${FOR:-30s}" -fuzzminimizetime 5x "./$$(dirname "$$file")" || exit 1; done
