"""The system calls that no box may use, as a BPF program for seccomp.

A list of what is denied, not of what is allowed: programs of models may use any library, and the view, the limits and
the network are closed off elsewhere. Denied is what reaches the kernel's less trodden parts (keys, io_uring, bpf,
perf), other processes' memory, mounts, new namespaces, memory that no limit counts (memfd, System V segments, large
buffers of sockets, huge pages), what all programs of the machine share (asynchronous requests), watches on folders of
the host that a box can see, what makes the kernel load a module (rare protocols, line disciplines), and sockets that no
network namespace contains (vsock).
"""

from __future__ import annotations

import platform
import struct

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of <linux/audit.h>."""

X86_64 = {
    "shmget": 29, "shmat": 30, "semget": 64, "semop": 65, "msgget": 68, "msgsnd": 69, "msgrcv": 70, "semtimedop": 220,
    "io_setup": 206, "mq_open": 240, "memfd_create": 319, "inotify_init": 253, "inotify_add_watch": 254,
    "inotify_init1": 294, "ptrace": 101, "syslog": 103, "uselib": 134, "personality": 135, "vhangup": 153,
    "modify_ldt": 154,
    "pivot_root": 155, "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
    "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173,
    "init_module": 175, "delete_module": 176, "quotactl": 179, "lookup_dcookie": 212, "clock_settime": 227,
    "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "migrate_pages": 256, "unshare": 272,
    "move_pages": 279,
    "perf_event_open": 298,
    "fanotify_init": 300, "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320,
    "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
"""Numbers of <asm/unistd_64.h>."""
AARCH64 = {
    "io_setup": 0, "mq_open": 180, "msgget": 186, "msgrcv": 188, "msgsnd": 189, "semget": 190, "semtimedop": 192,
    "semop": 193,
    "shmget": 194, "shmat": 196, "memfd_create": 279, "inotify_init1": 26, "inotify_add_watch": 27,
    "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "vhangup": 58, "quotactl": 60, "acct": 89,
    "personality": 92, "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106,
    "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142, "sethostname": 161, "setdomainname": 162,
    "settimeofday": 170, "adjtimex": 171, "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224,
    "swapoff": 225, "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265,
    "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "kcmp": 272,
    "finit_module": 273, "migrate_pages": 238, "move_pages": 239, "bpf": 280, "userfaultfd": 282,
    "kexec_file_load": 294,
}  # fmt: skip
"""Numbers of <asm-generic/unistd.h>."""
COMMON = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448,
    "open_tree_attr": 467,
}  # fmt: skip
"""Newer calls have one number everywhere."""
CLONE3 = 435
ITSELF_ONLY = {
    "x86_64": {141: 1, 142: 0, 144: 0, 203: 0, 251: 1, 302: 0, 314: 0},
    "aarch64": {118: 0, 119: 0, 122: 0, 140: 1, 30: 1, 261: 0, 274: 0},
}
"""Calls that may name another process of the same user, and which argument does: setpriority, sched_setparam,
sched_setscheduler, sched_setaffinity, ioprio_set, prlimit64, sched_setattr. Allowed on the caller itself (0)."""
OF_A_USER = {"x86_64": {141: 2, 251: 3}, "aarch64": {140: 2, 30: 3}}
"""Of these, the first argument with which 0 names all that the user runs: PRIO_USER, IOPRIO_WHO_USER."""
SPECIAL = {
    "x86_64": {"clone": 56, "socket": 41, "ioctl": 16, "setsockopt": 54, "fcntl": 72, "mmap": 9},
    "aarch64": {"clone": 220, "socket": 198, "ioctl": 29, "setsockopt": 208, "fcntl": 25, "mmap": 222},
}
FILE_CHANGES = {
    "x86_64": {"chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "utime": 132, "setxattr": 188,
               "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
               "utimes": 235, "fchownat": 260, "futimesat": 261, "fchmodat": 268, "utimensat": 280},
    "aarch64": {"setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15,
                "fremovexattr": 16, "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55, "utimensat": 88},
}  # fmt: skip
NEWER_FILE_CHANGES = {"fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "file_setattr": 469}
"""Calls on what belongs to a file beside its content."""

NEW_NAMESPACES = 0x7E020080
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME."""
DENIED_IOCTLS = (0x5412, 0x541C, 0x5423, 0x40086602, 0x401C5820)
"""TIOCSTI, TIOCLINUX: put characters into the terminal's input. TIOCSETD: loads modules. FS_IOC_SETFLAGS,
FS_IOC_FSSETXATTR: flags of files."""
DENIED_FCNTLS = (1024, 1026)
"""F_SETLEASE, on which writers of the file wait, and F_NOTIFY, which watches a folder."""
MAP_HUGETLB = 0x40000
"""Pages of a store that all programs of the machine share."""
SOL_SOCKET, BUFFER_SIZES = 1, (7, 8)
"""SO_SNDBUF, SO_RCVBUF. What lies in a socket is no process's memory: buffers keep the size that they start with."""
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
FAMILIES = (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK)
"""Socket families that a network namespace contains."""
KINDS, KIND_BITS, PROTOCOLS = (1, 2), 0xF, (0, 6, 17)
"""Of internet sockets: streams and datagrams, TCP and UDP. Others make the kernel load a module, as do protocols of
netlink but the first (routes)."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
"""BPF_LD|W|ABS, JEQ|K, JGE|K, JSET|K, ALU|AND|K, RET|K."""
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS, EPROTONOSUPPORT, EAFNOSUPPORT = 1, 38, 93, 97
NUMBER, ARCHITECTURE = 0, 4
FIRST_ARGUMENT, SECOND_ARGUMENT, THIRD_ARGUMENT, FOURTH_ARGUMENT = 16, 24, 32, 40
"""Offsets in struct seccomp_data; the low half of an argument on a little-endian machine."""


Instruction = tuple[int, int, int, int]
"""Code, jumps if true and if false, operand."""


def seccomp_filter(
    families: tuple[int, ...] = FAMILIES, machine: str | None = None, *, keep_files: bool = False
) -> bytes:
    """The filter as an array of struct sock_filter (8 bytes each), for `bwrap --seccomp` or `seccomp(2)`.

    `families`: socket families that may be made; others give EAFNOSUPPORT. `machine`: as `platform.machine()` says.
    `keep_files`: modes, owners, times and attributes of files stay as they are; the calls say that they did it.
    Raises ValueError for a machine whose call numbers are not listed here.
    """
    machine = machine or platform.machine()
    if machine not in ARCHITECTURES:
        raise ValueError(f"no list of system calls for {machine}")
    denied = COMMON | (X86_64 if machine == "x86_64" else AARCH64)
    special = SPECIAL[machine]
    code = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, ARCHITECTURES[machine]), (RETURN, 0, 0, KILL)]
    code += [(LOAD, 0, 0, NUMBER)]
    if machine == "x86_64":
        # the x32 calls have other numbers for the same things
        code += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, ERRNO | ENOSYS)]
    for number in sorted(denied.values()):
        code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | EPERM)]
    for number in sorted((FILE_CHANGES[machine] | NEWER_FILE_CHANGES).values()) if keep_files else ():
        code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO)]  # says that it was done
    for number, argument in ITSELF_ONLY[machine].items():
        code += _when(number, _on_itself(argument, OF_A_USER[machine].get(number)))
    # its flags lie in memory, where a filter cannot look; the C library then uses clone
    code += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, ERRNO | ENOSYS)]
    code += _when(special["clone"], _without_bits(FIRST_ARGUMENT, NEW_NAMESPACES))
    code += _when(special["mmap"], _without_bits(FOURTH_ARGUMENT, MAP_HUGETLB))
    code += _when(special["setsockopt"], _buffers_as_they_are())
    code += _when(special["socket"], _sockets(families))
    code += _when(special["fcntl"], _without(DENIED_FCNTLS))
    code += _when(special["ioctl"], _without(DENIED_IOCTLS))
    code += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _when(number: int, rule: list[Instruction]) -> list[Instruction]:
    """A rule for one call, whose number is loaded; it must end in a return."""
    return [(EQUAL, 0, len(rule), number), *rule]


def _on_itself(argument: int, of_a_user: int | None) -> list[Instruction]:
    """Allowed where an argument names the caller, and not all of its user."""
    rule: list[Instruction] = [(LOAD, 0, 0, FIRST_ARGUMENT + 8 * argument), (EQUAL, 1, 0, 0)]
    rule += [(RETURN, 0, 0, ERRNO | EPERM)]
    if of_a_user is not None:
        rule += [(LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 0, 1, of_a_user), (RETURN, 0, 0, ERRNO | EPERM)]
    return [*rule, (RETURN, 0, 0, ALLOW)]


def _without_bits(argument: int, bits: int) -> list[Instruction]:
    return [(LOAD, 0, 0, argument), (ANY_BIT, 0, 1, bits), (RETURN, 0, 0, ERRNO | EPERM), (RETURN, 0, 0, ALLOW)]


def _without(requests: tuple[int, ...]) -> list[Instruction]:
    """Allowed but for these values of the second argument."""
    rule: list[Instruction] = [(LOAD, 0, 0, SECOND_ARGUMENT)]
    for request in requests:
        rule += [(EQUAL, 0, 1, request), (RETURN, 0, 0, ERRNO | EPERM)]
    return [*rule, (RETURN, 0, 0, ALLOW)]


def _buffers_as_they_are() -> list[Instruction]:
    rule: list[Instruction] = [(LOAD, 0, 0, SECOND_ARGUMENT), (EQUAL, 1, 0, SOL_SOCKET), (RETURN, 0, 0, ALLOW)]
    rule += [(LOAD, 0, 0, THIRD_ARGUMENT)]
    for option in BUFFER_SIZES:
        rule += [(EQUAL, 0, 1, option), (RETURN, 0, 0, ERRNO)]  # says that it was done
    return [*rule, (RETURN, 0, 0, ALLOW)]


def _sockets(families: tuple[int, ...]) -> list[Instruction]:
    """Sockets of these families, and of each only what needs no module."""
    none = (RETURN, 0, 0, ERRNO | EPROTONOSUPPORT)
    internet: list[Instruction] = [(LOAD, 0, 0, SECOND_ARGUMENT), (AND, 0, 0, KIND_BITS)]
    internet += [(EQUAL, 2, 0, KINDS[0]), (EQUAL, 1, 0, KINDS[1]), none, (LOAD, 0, 0, THIRD_ARGUMENT)]
    for protocol in PROTOCOLS:
        internet += [(EQUAL, 0, 1, protocol), (RETURN, 0, 0, ALLOW)]
    routes: list[Instruction] = [(LOAD, 0, 0, THIRD_ARGUMENT), (EQUAL, 0, 1, 0), (RETURN, 0, 0, ALLOW), none]
    rules = {AF_UNIX: [(RETURN, 0, 0, ALLOW)], AF_NETLINK: routes}
    code: list[Instruction] = [(LOAD, 0, 0, FIRST_ARGUMENT)]
    for family in families:
        code += _when(family, rules.get(family, [*internet, none]))
    return [*code, (RETURN, 0, 0, ERRNO | EAFNOSUPPORT)]
