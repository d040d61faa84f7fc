"""Boxes for programs that a model wrote.

`box`: what a box is (`Box`, `BoxLimits`, the `Sandbox` protocol). `bubblewrap`, `nsjail`, `landlock`, `seatbelt`,
`unconfined`: one kind of sandbox a file. `seccomp_filter`: the system calls that no box may use. `execute`: start a
command in a box, cap its output, end all of it. `kernel_memory`: what is kept for it that no process's memory counts.
`self_test`: probes before first use. `choose_sandbox`: the best kind
that passes them here. `run_program`: grade one Python program. `program_pool`: many of them on idle processors.
`code_eval`: what lm-eval's code tasks call. `enter`: a command line in front of a command, for agent harnesses.
`inside/`: the programs that run within a box. `confine_server`: what a llama.cpp server may touch;
`drop_user`: as whom it runs. `damaged_program`: what a program lost on its way to us, put back.
"""
