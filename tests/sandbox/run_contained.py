"""Run the attempts without any sandbox, all of it within a container: the control, kept away from the machine.

python run_contained.py BWRAP NAME...
"""

import subprocess
import sys
from pathlib import Path

VIEW = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
OWN = tuple(word for folder in ("/dev/shm", "/tmp") for word in ("--perms", "1777", "--tmpfs", folder))

if __name__ == "__main__":
    script = Path(__file__).parent / "run_escapes.py"
    container = (sys.argv[1], "--unshare-all", "--die-with-parent", "--new-session", *VIEW, *OWN, "--")
    sys.exit(subprocess.run([*container, sys.executable, "-B", str(script), "none", *sys.argv[2:]]).returncode)
