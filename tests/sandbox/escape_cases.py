"""Attempts to get out of a box. Each is Python that prints a line with ESCAPED if it got through; `t` holds targets:
`secret` (path of a file of the host), `opened` (folder of the host that anyone may write), `host` (pid of the host's
process), `marker` (a word in its arguments and environment), `tcp`, `udp` (ports), `tcp6`, `path`, `abstract` (unix
sockets), `processes` (limit), `shm` (id of a System V segment), `posix_shm` (name below /dev/shm), `address` (the host's own IP address).
"""

# ruff: noqa: E501

from tests.sandbox.kernel_cases import KERNEL_MEMORY, OF_THE_USER, SIBLINGS
from tests.sandbox.limit_cases import LIMITS

PREAMBLE = """
import contextlib, ctypes, glob, json, os, socket, struct, subprocess, sys, threading, time
t = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
def call(*a):
    return libc.syscall(*[ctypes.c_long(x) if isinstance(x, int) else x for x in a])
def escaped(*what):
    print("ESCAPED", *what, flush=True)
def readable(path):
    with contextlib.suppress(OSError), open(path, "rb") as f:
        if t["marker"].encode() in f.read(1 << 16):
            escaped(path)
def reach(family, kind, address, protocol=0):
    with contextlib.suppress(OSError), socket.socket(family, kind, protocol) as s:
        s.settimeout(1)
        s.connect(address)
        if kind == socket.SOCK_STREAM:
            escaped(address)
        s.send(b"probe")
def filled(folder):
    return sum(e.stat().st_blocks * 512 for e in os.scandir(folder) if e.is_file())
def many_files(folder):
    total = 0
    for part in range(1000):
        os.mkdir(f"{folder}/many{part}")
        for n in range(1000):
            os.close(os.open(f"{folder}/many{part}/{n}", os.O_CREAT))
        total += 1000
        if total > 40000:
            escaped(total, "files in", folder)
            break
def grows(folder, limit, most=400):
    total = 0
    with contextlib.suppress(OSError):
        for n in range(most):
            with open(f"{folder}/fill{n}", "wb") as f:
                f.write(b"x" * (1 << 20))
                f.flush()
            total += 1 << 20
    if total > limit:
        escaped(total, "bytes in", folder)
"""

FILES = {
    "secret by its path": "readable(t['secret'])",
    "secret from the root of process 1": "readable('/proc/1/root' + t['secret'])",
    "secret from its own root": "readable('/proc/self/root/../..' + t['secret'])",
    "secret by many dots": "readable('../' * 40 + t['secret'])",
    "secret by a symbolic link": "os.symlink(t['secret'], '/tmp/link'); readable('/tmp/link')",
    "secret by a hard link": "os.link(t['secret'], '/tmp/hard'); readable('/tmp/hard')",
    "secret by the working folder of process 1": "readable('/proc/1/cwd' + t['secret'])",
    "secret from every root in /proc": "[readable(p + t['secret']) for p in glob.glob('/proc/*/root')]",
    "secret by every open file in /proc": "[readable(p) for p in glob.glob('/proc/*/fd/*')]",
    "passwords": "open('/etc/shadow').read(); escaped('/etc/shadow')",
    "accounts of the host": "'root:' in open('/etc/passwd').read() and escaped('/etc/passwd')",
    "machine id, host name, resolver": """
for p in ('/etc/machine-id', '/etc/hostname', '/etc/resolv.conf', '/etc/hosts', '/etc/fstab', '/etc/os-release'):
    with contextlib.suppress(OSError), open(p) as f: f.read(); p != '/etc/os-release' and escaped(p)
for p in ('/etc/ssh', '/var/lib', '/var/log', '/var', '/srv', '/opt', '/mnt', '/boot', '/run', '/sys'):
    with contextlib.suppress(OSError): os.listdir(p) and escaped(p)
""",
    "home folders": """
for top in ('/root', '/home'):
    for n in os.listdir(top) if os.path.isdir(top) else []:
        if n not in ('.pyenv',): escaped(top, n)
""",
    "kernel memory": """
for p in ('/dev/mem', '/dev/kmem', '/dev/kmsg', '/proc/kcore', '/dev/port'):
    with contextlib.suppress(OSError), open(p, 'rb') as f: f.read(16); escaped(p)
""",
    "disks": """
for p in glob.glob('/dev/vd*') + glob.glob('/dev/sd*') + glob.glob('/dev/nvme*') + glob.glob('/dev/kvm'):
    with contextlib.suppress(OSError): os.open(p, os.O_RDONLY); escaped(p)
for n, (a, b) in enumerate([(8, 0), (254, 0), (253, 0), (252, 0)]):
    with contextlib.suppress(OSError):
        os.mknod(f'/tmp/disk{n}', 0o60666, os.makedev(a, b)); open(f'/tmp/disk{n}', 'rb').read(1); escaped(a, b)
""",
    "a file by its handle": """
h = ctypes.create_string_buffer(struct.pack('Ii', 8, 1) + struct.pack('II', 2, 0) + bytes(120))
fd = call(304, os.open('/', os.O_RDONLY), h, 0)
if fd >= 0: escaped('open_by_handle_at', os.listdir(fd))
""",
    "a change of root": "os.mkdir('/tmp/r'); os.chroot('/tmp/r'); escaped('chroot')",
    "a mount": "if_ok = libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)\nif if_ok == 0: escaped('mount')",
    "a new mount interface": "fd = call(430, ctypes.c_char_p(b'proc'), 0)\nif fd >= 0: escaped('fsopen')",
    "a remount that can be written": "if libc.mount(b'none', b'/usr', None, 32 | 4096, None) == 0: escaped('remount')",
    "an own user namespace": "if call(272, 0x10000000) == 0: escaped('unshare')",
    "an own user namespace by clone": """
pid = call(56, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0: os._exit(0)
if pid > 0: escaped('clone', os.waitpid(pid, 0))
""",
    "an own user namespace by clone3": """
a = struct.pack('8Q', 0x10000000, 0, 0, 0, 17, 0, 0, 0)
pid = call(435, ctypes.c_char_p(a), 64)
if pid == 0: os._exit(0)
if pid > 0: escaped('clone3')
""",
    "a namespace of process 1": """
for n in ('mnt', 'net', 'pid', 'user'):
    with contextlib.suppress(OSError):
        if call(308, os.open(f'/proc/1/ns/{n}', os.O_RDONLY), 0) == 0: escaped('setns', n)
""",
    "files of the system": """
for p in ('/usr/x', '/bin/x', '/inside/x', '/x', '/dev/x', '/etc/x', os.path.dirname(os.__file__) + '/x', '/proc/x',
          os.path.dirname(t['secret']) + '/x', t['opened'] + '/x', '/var/tmp/x'):
    with contextlib.suppress(OSError): open(p, 'w').close(); escaped(p)
""",
    "the stage for the next box": "open('/inside/stage.py', 'a').close(); escaped('stage.py')",
    "settings of the kernel": """
for p in ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sys/vm/drop_caches',
          '/proc/sysrq-trigger', '/proc/sys/net/ipv4/ip_forward', '/proc/sys/kernel/modprobe'):
    with contextlib.suppress(OSError): open(p, 'r+b').close(); escaped(p)
""",
    "a program with another user's rights": """
for p in ('/usr/bin/su', '/usr/bin/passwd', '/usr/bin/mount', '/usr/bin/newgrp', '/usr/bin/chsh'):
    if os.path.exists(p):
        before = os.stat(p); out = subprocess.run([p, '--version'], capture_output=True)
subprocess.run(['/usr/bin/su', '-c', 'cat ' + t['secret']], input=b'', capture_output=True).returncode == 0 and escaped('su')
""",
    "root again": """
for f in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0])):
    with contextlib.suppress(OSError): f(); escaped('root')
if os.geteuid() == 0: escaped('is root')
""",
    "capabilities": """
for line in open('/proc/self/status') if os.path.exists('/proc/self/status') else []:
    if line.startswith(('CapEff', 'CapPrm', 'CapAmb')) and int(line.split()[1], 16): escaped(line)
""",
    "what can be read, opened again to be written": """
for p in ('/inside/stage.py', sys.executable, os.__file__, '/usr/bin/env', '/etc/passwd'):
    with contextlib.suppress(OSError):
        fd = os.open(p, os.O_RDONLY)
        for flags in (os.O_RDWR, os.O_WRONLY | os.O_APPEND):
            with contextlib.suppress(OSError): os.open(f'/proc/self/fd/{fd}', flags); escaped(p)
with contextlib.suppress(OSError): os.open('/proc/self/exe', os.O_RDWR); escaped('its own program')
""",
    "what happens in folders of the host": """
fd = call(294, 0)
for p in ('/usr/bin', os.path.dirname(sys.executable), os.path.dirname(os.__file__), t['opened'], '/'):
    if fd >= 0 and call(254, fd, ctypes.c_char_p(p.encode()), 0x120) >= 0: escaped('watches', p)
""",
    "addresses of the kernel": """
for p in ('/proc/kallsyms', '/proc/self/stack', '/proc/modules'):
    with contextlib.suppress(OSError), open(p) as f:
        for line in f.readlines()[:50]:
            if any(w.strip('[]<>').startswith(('ffff', '0xffff')) for w in line.split()): escaped(p, line)
""",
    "a descriptor that came along": """
for n in range(3, 256):
    with contextlib.suppress(OSError): os.fstat(n); escaped('descriptor', n)
""",
}

VARIABLES = {
    "own variables": "[escaped(k) for k, v in os.environ.items() if t['marker'] in v]",
    "variables of every process": "[readable(p) for p in glob.glob('/proc/*/environ')]",
    "variables of process 1": "readable('/proc/1/environ')",
    "variables of the host's process": "readable(f\"/proc/{t['host']}/environ\")",
    "arguments of the host's processes": """
for p in glob.glob('/proc/*/cmdline'):
    with contextlib.suppress(OSError):
        text = open(p, 'rb').read()
        if ('run_' + 'escapes').encode() in text: escaped(p)
""",
    "the name of the host": "t['node'] == os.uname().nodename and escaped(t['node'])",
}

SOCKETS = {
    "TCP": "reach(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', t['tcp']))",
    "TCP over IPv6": "reach(socket.AF_INET6, socket.SOCK_STREAM, ('::1', t['tcp6']))",
    "TCP at the host's own address": "reach(socket.AF_INET, socket.SOCK_STREAM, (t['address'], t['tcp_any']))",
    "TCP without connect": """
with socket.socket() as s:
    s.sendto(b'x', 0x20000000, ('127.0.0.1', t['tcp'])); escaped('fast open')
""",
    "UDP": "reach(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', t['udp']))",
    "UDP to the world": """
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: s.sendto(b'x', ('192.0.2.1', 53)); escaped('udp')
""",
    "UDP broadcast": """
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.sendto(b'x', ('255.255.255.255', t['udp'])); escaped('udp')
""",
    "a unix socket": "reach(socket.AF_UNIX, socket.SOCK_STREAM, t['path'])",
    "an abstract unix socket": "reach(socket.AF_UNIX, socket.SOCK_STREAM, chr(0) + t['abstract'])",
    "an abstract unix datagram socket": """
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s: s.sendto(b'x', chr(0) + t['abstract_datagram']); escaped('x')
""",
    "sockets of services": """
for p in ('/var/run/docker.sock', '/run/dbus/system_bus_socket', '/run/systemd/notify', '/dev/log'):
    if os.path.exists(p): escaped(p)
""",
    "the machine's host by vsock": "socket.socket(40, socket.SOCK_STREAM); escaped('vsock')",
    "raw packets": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW); escaped('packet')",
    "raw IP": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); escaped('raw')",
    "kernel cryptography": "socket.socket(38, socket.SOCK_SEQPACKET); escaped('alg')",
    "a network card": """
for n in os.listdir('/sys/class/net') if os.path.isdir('/sys/class/net') else []: escaped(n)
with contextlib.suppress(OSError):
    for _, n in socket.if_nameindex():
        if n not in ('lo',) and not n.startswith(('tunl', 'sit', 'gre', 'erspan', 'ip6', 'ip_vti', 'teql')): escaped(n)
""",
    "tables of the host's sockets": """
for p in glob.glob('/proc/*/net/unix') + glob.glob('/proc/*/net/tcp'):
    with contextlib.suppress(OSError), open(p) as f:
        told = f.read()
        if t['abstract'] in told or f":{t['tcp']:04X} 00000000:0000" in told: escaped(p)
""",
    "events of the host's processes": """
with socket.socket(16, socket.SOCK_DGRAM, 11) as s:
    s.bind((0, 1)); s.settimeout(1)
    s.send(struct.pack('IHHIIIIIIHHI', 40, 3, 0, 0, os.getpid(), 1, 1, 0, 0, 4, 0, 1))
    os.fork() or os._exit(0)
    s.recv(4096); escaped('connector')
""",
    "a socket by io_uring": "p = ctypes.create_string_buffer(120)\nif call(425, 4, p) >= 0: escaped('io_uring')",
}

SHARED = {
    "a System V segment of the host": "libc.shmat.restype = ctypes.c_long\nif libc.shmat(t['shm'], None, 0o10000) > 0: escaped('shm')",
    "a POSIX segment of the host": "readable('/dev/shm/' + t['posix_shm'])",
    "a System V queue": "if libc.msgget(0, 0o1666) >= 0: escaped('msgget')",
    "keys": "if call(248, ctypes.c_char_p(b'user'), ctypes.c_char_p(b'x'), ctypes.c_char_p(b'y'), 1, -3) > 0: escaped('key')",
    "the key ring": "if call(250, 0, -3, 1) > 0: escaped('keyctl')",
    "a program in the kernel": "a = ctypes.create_string_buffer(struct.pack('IIII', 1, 4, 4, 1) + bytes(100))\nif call(321, 0, a, 72) >= 0: escaped('bpf')",
    "memory that the kernel hides": "if call(447, 0) >= 0: escaped('memfd_secret')",
    "counters of the processor": "a = ctypes.create_string_buffer(struct.pack('II', 1, 112) + bytes(120))\nif call(298, a, 0, -1, -1, 0) >= 0: escaped('perf')",
    "page faults in user space": "if call(323, 1) >= 0: escaped('userfaultfd')",
    "the terminal's input": """
import fcntl, termios
for fd in (0, 1, 2):
    with contextlib.suppress(OSError): fcntl.ioctl(fd, termios.TIOCSTI, b'x'); escaped('TIOCSTI')
with contextlib.suppress(OSError): os.open('/dev/tty', os.O_RDWR); escaped('/dev/tty')
""",
    "the log of the kernel": "b = ctypes.create_string_buffer(1000)\nif call(103, 3, b, 1000) >= 0: escaped('syslog')",
    "the clock": "if call(227, 0, ctypes.c_char_p(struct.pack('qq', 0, 0))) == 0: escaped('clock')",
}

PROCESSES = {
    "a signal to the host's process": """
os.kill(t['host'], 0)
with contextlib.suppress(OSError):
    if ('run_' + 'escapes').encode() not in open(f"/proc/{t['host']}/cmdline", 'rb').read(): sys.exit()
escaped('kill')
""",
    "a signal to the host's process by other calls": """
h, info = t['host'], ctypes.c_char_p(struct.pack('iii', 0, 0, -1) + bytes(116))
with contextlib.suppress(OSError):
    if ('run_' + 'escapes').encode() not in open(f"/proc/{h}/cmdline", 'rb').read(): sys.exit()
fd = call(434, h, 0)
for name, done in (('tkill', call(200, h, 0)), ('tgkill', call(234, h, h, 0)), ('queue', call(129, h, 0, info)),
                   ('thread queue', call(297, h, h, 0, info)), ('pidfd', call(424, fd, 0, 0, 0) if fd >= 0 else -1)):
    if done == 0: escaped(name)
""",
    "a signal by the owner of a descriptor": """
import fcntl
r, w = os.pipe()
fcntl.fcntl(r, 10, 23); fcntl.fcntl(r, 8, t['host']); fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)
os.write(w, b'x'); time.sleep(0.2)
""",
    "a signal to everybody": "os.kill(-1, 0); os.kill(t['host'], 0); escaped('kill -1')",
    "the memory of process 1": "if call(101, 16, 1, 0, 0) == 0: escaped('ptrace')",
    "the memory of the host's process": "if call(101, 0x4206, t['host'], 0, 0) == 0: escaped('seize')",
    "another process's memory by a system call": """
b = ctypes.create_string_buffer(8)
v = struct.pack('PL', ctypes.addressof(b), 8)
if call(310, os.getpid(), ctypes.c_char_p(v), 1, ctypes.c_char_p(v), 1, 0) > 0: escaped('process_vm_readv')
""",
    "a descriptor of the host's process": """
fd = call(434, t['host'], 0)
if fd >= 0 and call(438, fd, 1, 0) >= 0: escaped('pidfd_getfd')
""",
    "a better priority": "os.setpriority(os.PRIO_PROCESS, 0, -5); escaped('nice')",
    "real time": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); escaped('real time')",
    "life after a double fork": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for n in range(3): os.dup2(os.open('/dev/null', os.O_RDWR), n)
        os.execv(sys.executable, [sys.executable, '-c', 'import signal,time; signal.signal(15, 1); time.sleep(300)', t['stay']])
    os._exit(0)
os.wait()
""",
    "life after the end of its time": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(300)', t['stay']])
time.sleep(300)
""",
    "life by a restart of itself": """
code = 'import os, sys, time\\nwhile True:\\n  p = os.fork()\\n  if p: os._exit(0)\\n  time.sleep(0.001)'
subprocess.Popen([sys.executable, '-c', code, t['stay']], start_new_session=True)
time.sleep(0.2)
""",
}

CASES = {
    f"{group}: {name}": code
    for group, cases in (
        ("files", FILES), ("variables", VARIABLES), ("sockets", SOCKETS), ("shared", SHARED), ("processes", PROCESSES),
        ("limits", LIMITS), ("kernel memory", KERNEL_MEMORY), ("user", OF_THE_USER), ("siblings", SIBLINGS),
    )
    for name, code in cases.items()
}  # fmt: skip
