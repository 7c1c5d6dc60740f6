"""The pods' network: a bridge with a network namespace a pod where that is allowed, addresses of loopback elsewhere; and the cluster's DNS."""
import os
import shutil
import subprocess
import threading

import dnslib
from dnslib.server import BaseResolver, DNSLogger, DNSServer

DOMAIN = "cluster.local"


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Namespaces:
    """10.244.0.0/24 on a bridge of the namespace that this process is in, which is its own: nothing is left when it ends."""
    gateway = "10.244.0.1"
    isolated = True

    def __init__(self):
        # Where `ip netns` keeps its names; on a tmpfs, since the machine's own may not be ours.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        os.makedirs("/run/netns", exist_ok=True)
        ip("link", "set", "lo", "up")
        ip("link", "add", "pods", "type", "bridge")
        ip("address", "add", f"{self.gateway}/24", "dev", "pods")
        ip("link", "set", "pods", "up")
        self._count = 0
        self._lock = threading.Lock()

    def add(self, hostname):
        """A new pod's (network, address). No address is given twice."""
        with self._lock:
            self._count += 1
            name, outside, address = f"pod{self._count}", f"veth{self._count}", f"10.244.0.{self._count + 1}"
            ip("netns", "add", name)
            ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", outside, "master", "pods", "up")
            for command in (["address", "add", f"{address}/24", "dev", "eth0"], ["link", "set", "eth0", "up"], ["link", "set", "lo", "up"]):
                ip("-n", name, *command)
            return name, address

    def remove(self, name):
        ip("netns", "delete", name)


class Loopback:
    """127.1.0.0/24: addresses, but nothing that keeps the pods apart, and no names."""
    gateway = "127.0.0.1"
    isolated = False

    def __init__(self):
        self._addresses = {}

    def add(self, hostname):
        """An address a hostname: a learner that starts again keeps its own, since no name leads to another."""
        return None, self._addresses.setdefault(hostname, f"127.1.0.{len(self._addresses) + 2}")

    def remove(self, name):
        pass


MODES = {"root": ("network namespaces, as root", ["unshare", "--net", "--mount"]),
         "user": ("network namespaces of a user namespace", ["unshare", "--user", "--map-root-user", "--net", "--mount"]),
         "loopback": ("addresses of loopback", [])}
PROBE = "mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && ip link add pods type bridge && ip netns add probe"


def how():
    """(mode, the command that goes before ours): what this machine allows, best first; or the one of MODES that DROVER_CLUSTER_MODE names."""
    asked = os.environ.get("DROVER_CLUSTER_MODE")
    if asked:
        return MODES[asked]
    for name in ("root", "user"):
        mode, command = MODES[name]
        if (name == "user" or os.geteuid() == 0) and shutil.which("ip"):
            if subprocess.run([*command, "sh", "-c", PROBE], capture_output=True).returncode == 0:
                return mode, command
    return MODES["loopback"]


class Dns(BaseResolver):
    """Answers A queries for names of the cluster as CoreDNS does: every address of a headless Service, and nothing for names that have none."""

    def __init__(self, address, lookup):
        self._lookup = lookup  # name without the domain -> addresses, or None when there is no such name
        self.server = DNSServer(self, address=address, port=53, logger=DNSLogger("-request,-reply,-truncated,-error"))
        self.server.start_thread()

    def resolve(self, request, handler):
        reply = request.reply()
        name = str(request.q.qname).rstrip(".").lower()
        suffix = f".svc.{DOMAIN}"
        addresses = self._lookup(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if addresses is None:
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        elif request.q.qtype == dnslib.QTYPE.A:
            for address in addresses:
                reply.add_answer(dnslib.RR(request.q.qname, dnslib.QTYPE.A, rdata=dnslib.A(address), ttl=5))
        return reply

    def stop(self):
        self.server.stop()


def connections(pid):
    """The established TCP connections of a process's network: (local address, port, remote address, port), and the ports it listens on."""
    established, listening = set(), set()
    for table in ("tcp", "tcp6"):
        try:
            lines = open(f"/proc/{pid}/net/{table}").read().splitlines()[1:]
        except (FileNotFoundError, ProcessLookupError, OSError):
            continue
        for line in lines:
            local, remote, state = line.split()[1:4]
            if state == "0A":
                listening.add(int(local.split(":")[1], 16))
            elif state == "01":
                established.add((*_endpoint(local), *_endpoint(remote)))
    return established, listening


def _endpoint(text):
    address, port = text.split(":")
    octets = bytes.fromhex(address[-8:])[::-1]  # of IPv4, or of IPv4 mapped into IPv6
    return ".".join(map(str, octets)), int(port, 16)
