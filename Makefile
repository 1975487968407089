# Two commands do everything on a fresh machine with Python, git and make: `make demo` and `make test`.
UV := ./scripts/uv
DEMO ?= $(CURDIR)/.demo
export MISSION_HOME ?= $(HOME)/.missions
unexport PYTHONDONTWRITEBYTECODE # without bytecode, each of the many processes would compile what it imports

.PHONY: install browser demo test test-agents test-docker check crash format bench clean

install:
	@$(UV) sync --quiet

browser: install
	@./scripts/chromium

demo: browser
	@rm -rf "$(DEMO)" && mkdir -p "$(DEMO)" && cp -R blueprints/examples/quickstart/seed/. "$(DEMO)"
	@git -C "$(DEMO)" init --quiet --initial-branch=main && git -C "$(DEMO)" add -A
	@git -C "$(DEMO)" -c user.name=Demo -c user.email=demo@localhost -c commit.gpgSign=false commit --quiet -m "Start"
	@$(UV) run --no-sync mission run blueprints/examples/quickstart/mission.yaml --repo "$(DEMO)" --yes

test: browser
	@$(UV) run --no-sync scripts/check

test-agents: install
	@./scripts/agents
	@MISSION_TEST_PROGRAMS="$(CURDIR)/.agents-cli/node_modules/.bin" $(UV) run --no-sync pytest tests/agents/programs $(ONLY) --numprocesses 2 --dist loadfile

test-docker: install
	@./scripts/docker
	@MISSION_TEST_DOCKER=1 $(UV) run --no-sync pytest tests/deployments/test_docker.py

crash: install
	@MISSION_TEST_CRASH=all $(UV) run --no-sync pytest tests/crash $(ONLY) --numprocesses auto --dist load

check: install
	@$(UV) run --no-sync scripts/check --static

format: install
	@$(UV) run --no-sync ruff format . && $(UV) run --no-sync ruff check --fix .

bench: install
	@$(UV) run --no-sync python -m benchmarks.overhead
	@$(UV) run --no-sync python -m benchmarks.resume

clean:
	rm -rf .venv .bootstrap .agents-cli "$(DEMO)"
