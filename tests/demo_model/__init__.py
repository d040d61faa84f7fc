"""How the demo release and its two benchmarks were made: generators, training, GGUF files, independent measurement."""
