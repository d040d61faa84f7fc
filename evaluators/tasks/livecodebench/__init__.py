"""LiveCodeBench's code generation as lm-eval tasks: `problems` reads its data files, `grading` runs the answers."""
