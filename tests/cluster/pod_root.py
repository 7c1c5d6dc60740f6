"""Becomes a container: python3 pod_root.py SPEC.json lays out a root of its own, enters the pod's network and runs the program.

SPEC is what network.py and pods.py write: netns, hostname, root (an empty folder to mount on), mounts [{source, target, read_only}], files
{path: text}, memory {path: bytes}, uid (null: stay who we are), argv, env. Needs mount and network namespaces; the process that called this becomes
the program, so a signal to it reaches the program.
"""
import ctypes
import json
import os
import sys
from pathlib import Path

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
KEPT = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}  # statvfs flag -> mount flag that a user namespace may not drop
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
LAST_CAPABILITY = 40
HOST_FOLDERS = ("/usr", "/bin", "/lib", "/lib64", "/sbin", "/proc", "/sys")  # of the image's Debian, and what a runtime mounts
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind=None, flags=0, data=None):
    encode = [value.encode() if value else None for value in (str(source), str(target), kind, data)]
    check(libc.mount(encode[0], encode[1], encode[2], ctypes.c_ulong(flags), encode[3]), f"mount {source} on {target}")


def bind(source, target, read_only):
    if Path(source).is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(source, target, flags=MS_BIND | MS_REC)
    if read_only:
        kept = sum(flag for bit, flag in KEPT.items() if os.statvfs(target).f_flag & bit)
        mount("none", target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY | kept)


def lay_out(spec):
    root = Path(spec["root"])
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", data="size=16m,mode=755")
    for folder in HOST_FOLDERS:
        if os.path.islink(folder):
            os.symlink(os.readlink(folder), root / folder[1:])
        elif os.path.isdir(folder):
            bind(folder, root / folder[1:], read_only=folder not in ("/proc", "/sys"))
    for device in DEVICES:
        bind(device, root / device[1:], read_only=False)
    for path, text in spec["files"].items():
        file = root / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for path, size in spec["memory"].items():
        (root / path[1:]).mkdir(parents=True, exist_ok=True)
        mount("tmpfs", root / path[1:], "tmpfs", data=f"size={size},mode=1777")
    for entry in spec["mounts"]:
        bind(entry["source"], root / entry["target"][1:], entry["read_only"])
    mount("none", root, flags=MS_REMOUNT | MS_RDONLY)
    os.chroot(root)
    os.chdir("/")


def drop_rights(uid):
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def main():
    spec = json.loads(Path(sys.argv[1]).read_text())
    with open(f"/run/netns/{spec['netns']}") as namespace:
        check(libc.setns(namespace.fileno(), 0), f"entering the network of {spec['netns']}")
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC), "unshare")
    check(libc.sethostname(spec["hostname"].encode(), len(spec["hostname"])), "sethostname")
    lay_out(spec)
    drop_rights(spec["uid"])
    libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)
    os.execve(spec["argv"][0], spec["argv"], spec["env"])


if __name__ == "__main__":
    main()
