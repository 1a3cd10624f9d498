# `make` or `make help` lists the targets; the work is done by the scripts.
.DEFAULT_GOAL := help
.PHONY: help run stop status logs build test check bench bench-ml quality demo screenshots lighthouse generate clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

run: ## set up, build and start Albumen in the background; again: restart with the new build
	@scripts/run start

stop: ## stop Albumen, its PostgreSQL and its Redis
	@scripts/run stop

status: ## show what is running
	@scripts/run status

logs: ## follow the log (Ctrl-C to leave)
	@scripts/run logs

build: ## build bin/albumen and bin/albumen-ml
	@scripts/build

test: ## run all tests, browser tests included
	@scripts/test

check: ## what CI runs: generated code fresh, linters, tests
	@scripts/check

bench: ## run the benchmarks (BENCH=pattern for some)
	@scripts/bench

bench-ml: ## time the CLIP towers against ONNX Runtime (an idle machine, 2 GB of disk)
	@scripts/bench-ml

quality: ## how well the model of CLIP_MODEL finds labelled photographs (recall at k)
	@scripts/quality

demo: ## fill the running Albumen with sample photos; without a network, with a small random model
	@scripts/demo

screenshots: ## take the pictures in docs/screenshots anew
	@scripts/screenshots

lighthouse: ## run Lighthouse on the main pages; fails below 95
	@scripts/lighthouse

generate: ## regenerate templ and sqlc code
	@scripts/generate

clean: ## remove what was built; photos, database and .env stay
	@rm -rf bin node_modules coverage.out
