"""What programs do that is no attempt, in a box of one kind as whoever starts it: prints how the box ended, in JSON.

python ordinary_uses.py KIND
"""

import json
import sys
from pathlib import Path

# ruff: noqa: E402
sys.path[0] = str(Path(__file__).parents[2])

from evaluators.sandbox.box import Box, BoxLimits
from evaluators.sandbox.choose_sandbox import sandbox_of_kind
from evaluators.sandbox.execute import execute_program

PROGRAM = """
import fcntl, mmap, os, shutil, socket, sqlite3, subprocess, sys, tempfile, threading, time
with open("a", "w") as file: file.write("x" * 100000)
for copy in (shutil.copy, shutil.copy2, shutil.move): copy("a", "b") if copy is not shutil.move else copy("b", "c")
os.chmod("c", 0o600); os.utime("c")
with tempfile.TemporaryDirectory() as folder:
    for number in range(2000): open(f"{folder}/{number}", "w").close()
    base = sqlite3.connect(f"{folder}/base"); base.execute("create table t (a)"); base.commit(); base.close()
with open("a", "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX); fcntl.flock(file, fcntl.LOCK_SH)
    mmap.mmap(file.fileno(), 0).close()
mmap.mmap(-1, 1 << 20).close()
threading.Timer(0.01, print, ["timer"]).start()
os.nice(1); os.sched_setaffinity(0, os.sched_getaffinity(0))
pairs = [socket.socketpair() for _ in range(40)]
if "network" in sys.argv:
    server = socket.create_server(("127.0.0.1", 0))
    near = socket.create_connection(server.getsockname()); far, _ = server.accept()
    near.sendall(b"x" * 1000); assert far.recv(2000)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", server.getsockname())
    socket.getaddrinfo("127.0.0.1", 80); socket.if_nameindex()
print(subprocess.run(["sh", "-c", "echo done"], capture_output=True, text=True).stdout, flush=True)
time.sleep(0.5)  # long enough to be looked at
"""

if __name__ == "__main__":
    box = Box(limits=BoxLimits(seconds=60))
    network = () if sys.argv[1] == "landlock" else ("network",)
    command = (str(box.python), "-I", "-S", "-c", PROGRAM, *network)
    ended = execute_program(sandbox_of_kind(sys.argv[1]), box, command)
    print(json.dumps({"code": ended.code, "ended_by": ended.ended_by, "out": ended.stdout.decode(),
                      "error": ended.stderr.decode()[-500:]}))  # fmt: skip
