"""Speeds measured by other programs: llama-bench (JSON, and its tables), `vllm bench serve`, GuideLLM."""
