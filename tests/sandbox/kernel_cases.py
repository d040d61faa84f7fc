"""Attempts on what the kernel keeps for a box and no process's memory counts, on what a user has over all boxes, and on
what boxes share; in the words of `escape_cases`, and further `sibling`: a word that another box has in its files, its
sockets' names and its arguments, and which it serves at the port `sibling_tcp`.

Where this machine has nothing to be taken, the filter's own answer is asked for: what the kernel says instead means
that the call came through.
"""

# ruff: noqa: E501

KERNEL_MEMORY = {
    "empty files in /tmp": "many_files('/tmp')",
    "empty files in /dev/shm": "many_files('/dev/shm')",
    "attributes of files": """
total = 0
with contextlib.suppress(OSError):
    for f in range(64):
        path = f'/tmp/attributed{f}'
        open(path, 'w').close()
        for n in range(400):
            os.setxattr(path, f'user.{n}', b'x' * 60000)
            total += 60000
if total > 500 << 20: escaped(total, 'bytes of attributes')
""",
    "its own folder": "grows(os.getcwd(), 600 << 20, 700)\nif filled(os.getcwd()) > 600 << 20: escaped('its own folder')",
    "files that have no name any more": """
kept, total = [], 0
with contextlib.suppress(OSError):
    for n in range(40):
        kept.append(open(f'gone{n}', 'wb'))
        os.unlink(f'gone{n}')
        for _ in range(40):
            total += kept[-1].write(b'x' * (1 << 20)); kept[-1].flush()
if total > 600 << 20: escaped(total, 'bytes without a name')
""",
    "sockets of many processes": """
def fill():
    pairs, n = [], 0
    with contextlib.suppress(OSError):
        while True:
            pairs.append(socket.socketpair())
            for s in pairs[-1]:
                s.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True: n += s.send(b'x' * 32768)
    return n, pairs
r, w = os.pipe()
children = 0
with contextlib.suppress(OSError):
    for _ in range(30):
        if os.fork() == 0:
            n, pairs = fill()
            os.write(w, struct.pack('Q', n)); time.sleep(20); os._exit(0)
        children += 1
total = sum(struct.unpack('Q', os.read(r, 8))[0] for _ in range(children))
if total > 512 << 20: escaped(total, 'bytes in sockets')
""",
    "connections within": """
total, kept = 0, []
server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen()
with contextlib.suppress(OSError):
    while total < 301 << 20:
        a = socket.create_connection(server.getsockname()); b, _ = server.accept()
        kept += [a, b]
        for s in (a, b):
            s.settimeout(0.02)
            with contextlib.suppress(OSError):
                while True: total += s.send(b'x' * (1 << 20))
if total > 300 << 20: escaped(total, 'bytes in connections')
""",
    "large pipes": """
import fcntl
total, kept = 0, []
for _ in range(4):
    if os.fork(): continue
    with contextlib.suppress(OSError):
        while True:
            r, w = os.pipe(); kept.append((r, w)); os.set_blocking(w, False)
            with contextlib.suppress(OSError): fcntl.fcntl(w, 1031, 1 << 20)
            with contextlib.suppress(BlockingIOError):
                while True: total += os.write(w, b'x' * 65536)
    if total > 128 << 20: escaped(total, 'bytes in pipes')
    os._exit(0)
for _ in range(4): os.wait()
""",
    "a segment that outlives it": "if libc.shmget(0, 64 << 20, 0o1666) >= 0: escaped('shmget')",
    "a POSIX queue": "if call(240, ctypes.c_char_p(b'q'), os.O_CREAT | os.O_RDWR, 0o666, 0) >= 0: escaped('mq_open')",
    "a semaphore that outlives it": "if libc.semget(0, 1, 0o1666) >= 0: escaped('semget')",
}

OF_THE_USER = {
    "all timers of a user": """
n, made = 0, ctypes.c_int()
while n < 20000 and call(222, 0, 0, ctypes.byref(made)) == 0: n += 1
if n > 5000: escaped(n, 'timers')
""",
    "all requests of the machine": "c = ctypes.c_ulong()\nif call(206, 10000, ctypes.byref(c)) == 0: escaped('io_setup')",
    "the priority of all that a user runs": """
os.setpriority(os.PRIO_USER, 0, 7)
if os.getpriority(os.PRIO_PROCESS, t['host']) >= 7: escaped('priority')
""",
    "the disk's priority of all that a user runs": """
if call(251, 3, 0, 3 << 13) == 0 and call(252, 1, t['host']) == 3 << 13: escaped('ioprio')
""",
    "what happens in folders, by signals": """
import fcntl
for p in ('/usr/bin', os.path.dirname(os.__file__), '/'):
    with contextlib.suppress(OSError):
        fcntl.fcntl(os.open(p, os.O_RDONLY), fcntl.F_NOTIFY, 1 | 1 << 31); escaped('watches', p)
""",
    "a lease that writers of a file wait for": """
import fcntl
fd = os.open('leased', os.O_CREAT | os.O_RDONLY)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK); escaped('a lease')
""",
    "modes, times and attributes of the host's files": """
for p in (t['secret'], t['opened'], os.path.dirname(t['secret'])):
    for change in (lambda: os.chmod(p, 0o755), lambda: os.utime(p, (1, 1)), lambda: os.setxattr(p, 'user.a', b'1')):
        before = os.stat(p)
        with contextlib.suppress(OSError):
            change()
            after = os.stat(p)
            if (before.st_mode, before.st_mtime, before.st_ctime) != (after.st_mode, after.st_mtime, after.st_ctime): escaped(p)
""",
    "flags of files": """
import fcntl
fd = os.open('flagged', os.O_CREAT | os.O_RDWR)
try: fcntl.ioctl(fd, 0x40086602, struct.pack('l', 0x80)); escaped('flags')
except OSError as e:
    if e.errno != 1: escaped('the filter lets it through:', e)
""",
    "the host's handler of crashes": """
import resource
# one that is a program runs for every limit but 1, as root and outside
if resource.getrlimit(resource.RLIMIT_CORE) != (1, 1): escaped(resource.getrlimit(resource.RLIMIT_CORE))
""",
    "huge pages of the machine": """
import mmap
try: mmap.mmap(-1, 2 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000); escaped('huge pages')
except OSError as e:
    if e.errno != 1: escaped('the filter lets it through:', e)
""",
    "a module of the kernel, by a protocol": """
for family, kind, protocol in ((2, 5, 132), (10, 5, 132), (2, 6, 33), (2, 6, 0), (2, 2, 136), (2, 1, 262), (16, 3, 12), (16, 3, 9)):
    try: socket.socket(family, kind, protocol); escaped(family, protocol)
    except OSError as e:
        if e.errno not in (93, 97): escaped('the filter lets it through:', e)
""",
    "a module of the kernel, by a line discipline": """
import fcntl, pty
with contextlib.suppress(FileNotFoundError):
    main, other = os.openpty()
    for number in (27, 3, 13):
        try: fcntl.ioctl(other, 0x5423, struct.pack('i', number)); escaped('discipline', number)
        except OSError as e:
            if e.errno != 1: escaped('the filter lets it through:', e)
""",
    "the newest mount interface": """
for number in (467, 428, 442):
    if call(number, -100, ctypes.c_char_p(b'/'), 1, 0, 0) >= 0 or ctypes.get_errno() != 1: escaped(number, ctypes.get_errno())
""",
}

SIBLINGS = {
    "files of another box": "[readable(p + t['sibling']) for p in ('/tmp/', '/dev/shm/')]\nfor p in glob.glob('/tmp/*/' + t['sibling']): escaped(p)",
    "a socket of another box": "reach(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', t['sibling_tcp'])); reach(socket.AF_UNIX, socket.SOCK_STREAM, chr(0) + t['sibling'])",
    "processes of another box": """
for p in glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/proc/[0-9]*/environ'):
    with contextlib.suppress(OSError):
        told = open(p, 'rb').read()
        if t['sibling'].encode() in told and t['stay'].encode() not in told: escaped(p)  # the word is in its own arguments too
for pid in range(2, 400):
    if pid in (os.getpid(), os.getppid()): continue
    if call(101, 0x4206, pid, 0, 0) == 0: escaped('ptrace', pid)
""",
}
