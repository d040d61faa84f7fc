# make demo: install and verify the release that comes with claimcheck.  make test: install and pass the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Bytecode is kept whatever the environment says: without it every start compiles a thousand modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo install test test-long check fuzz browser test-vllm test-wheel test-grading demo-agents test-agents cluster lock clean

demo: install
	$(BIN)/claimcheck demo

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml deploy/constraints.txt flows/installed/claimcheck.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "claimcheck needs Python 3.11 or newer; give one with make PYTHON=/path/to/python3.12"; exit 2; }
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet "uv>=0.9"; }
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --editable . --group dev -c deploy/constraints.txt
	@touch $@

# Most tests wait for servers, so three run at a time; a file stays together, because its tests share what they started.
test: check browser
	$(BIN)/python -m pytest -m "not vllm and not alone and not wheel and not long and not agents" -n 3 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m "alone and not vllm and not agents and not long"

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Tests of the pages open them in a real browser, and are skipped where there is none.
browser:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq \
		&& apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core fonts-noto-core; } \
		|| echo "no chromium: the tests of the pages are skipped; install it to run them"

# 10,000 releases with hostile files and 1,000 hostile replies, seeded: minutes.
fuzz: install
	$(BIN)/python -m pytest -m "slow or long" tests/weights/test_hostile_files.py tests/harness/test_bad_replies.py tests/warehouse/test_damage.py

# What the sharp tests of `test` leave out because it takes minutes: simulated years, servers that are killed, all cases.
test-long: install
	$(BIN)/python -m pytest -m "long and not vllm and not alone" -n 2 --dist loadfile
	$(BIN)/python -m pytest -m "long and alone"

test-vllm: install
	bash tests/make_vllm_env.sh $(PYTHON)
	$(BIN)/python -m pytest -m vllm -n 2 --dist loadfile

# The wheel in an environment of its own outside the repository: minutes.
test-wheel: install
	$(BIN)/python -m pytest -m wheel

# All 1,716 programs, item for item against the metric code_eval, and programs a second; a tenth of them is in `test`.
test-grading: install
	$(BIN)/python -m tests.benchmarks.program_grading

# An agent benchmark of twenty small repairs, by mini-swe-agent and swebench in their own environments (half a gigabyte),
# with a model that is a script.
demo-agents: install
	$(BIN)/python -m tests.demo_agents.run

# The harnesses themselves; what needs Docker is skipped without an engine (tests/make_docker_engine.sh starts one).
test-agents: install
	$(BIN)/python -m pytest -m agents

# Three Prefect workers on PostgreSQL and a server that speaks S3, killed at random moments: a quarter of an hour.
cluster: install
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group cluster -c deploy/constraints.txt
	$(BIN)/python -m tests.benchmarks.cluster

lock:
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet "uv>=0.9"; }
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate pyproject.toml --group dev \
		-o deploy/constraints.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes \
		pyproject.toml --extra s3 --extra kubernetes -c deploy/constraints.txt -o deploy/image-lock.txt

clean:
	rm -rf $(VENV) .venv-vllm .mypy_cache .ruff_cache .pytest_cache .hypothesis
