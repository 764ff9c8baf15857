# make audit: build, audit the sample captures, leave reports.  make test: every test.
SWIFT_BUILD := swift build --explicit-target-dependency-import-check error
PINHOLE := .build/release/pinhole
OUT ?= out
# Executions of each fuzz target that `make test` makes; `make fuzz` makes the number of the docs.
TEST_RUNS ?= 200000
RUNS ?= 10000000

.PHONY: audit build test fuzz lint reports samples setup setup-lab clean

audit: build
	@status=0; $(PINHOLE) audit captures --quiet --site captures/pinhole.yml -o $(OUT) || status=$$?; \
	if [ $$status -gt 1 ] && [ $$status -ne 3 ]; then exit $$status; fi
	@echo "HTML:     $(OUT)/pinhole-report.html"
	@echo "Markdown: $(OUT)/pinhole-report.md"

# Swift's libraries are linked in: a machine that runs it needs libpcap and no Swift.
build: setup
	@$(SWIFT_BUILD) -c release --product pinhole --static-swift-stdlib -debug-info-format none \
		-Xswiftc -num-threads -Xswiftc 2

test: build lint
	@$(SWIFT_BUILD) --build-tests
	@swift test --skip-build --disable-xctest
# What users run is optimized: what goes wrong there alone must not pass.
	@PINHOLE=$(CURDIR)/$(PINHOLE) swift test --skip-build --disable-xctest --filter SampleTests
	@scripts/fuzz --runs $(TEST_RUNS)

# docs/fuzzing.md tells of the targets.
fuzz:
	@scripts/fuzz --runs $(RUNS)

lint: setup
	@swift format lint --strict --recursive Sources Tests Fuzz/Sources/FuzzTargets Fuzz/Sources/Entry \
		Package.swift Fuzz/Package.swift

# What the sample captures raise, rendered for reading and held by the tests.
reports: build
	@scripts/render-reports $(PINHOLE)

# Sample captures from their dialogue scripts; the recorded ones come from captures/lab/record.
samples: setup
	@scripts/render-samples

# What a build needs beside Swift.
setup:
	@scripts/setup

# Servers, clients, firewalls and a browser for the tests that use real ones.
setup-lab:
	@scripts/setup-lab

clean:
	rm -rf .build Fuzz/.build $(OUT)
