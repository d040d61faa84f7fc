"""The demo agent benchmark with a model whose truth is planted: `make demo-agents`, `make test-agents`."""
