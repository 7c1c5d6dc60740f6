"""Which connections NetworkPolicies allow, as the API defines it: pods are (namespace labels, pod labels, named ports)."""
from dataclasses import dataclass, field

from manifests import of_kind, selects


@dataclass(frozen=True)
class Peer:
    """A pod, or something else in the cluster, as policies see it."""
    name: str
    labels: dict = field(hash=False)
    namespace: str = "drover"
    ports: dict = field(default_factory=dict, hash=False)  # name -> number


def _chosen(policy, pod):
    return policy["metadata"]["namespace"] == pod.namespace and selects(policy["spec"]["podSelector"], pod.labels)


def _is_peer(rule, pod, home):
    """Whether an entry of `from` or `to` in a policy of namespace `home` means the pod."""
    if "namespaceSelector" in rule:
        if not selects(rule["namespaceSelector"], {"kubernetes.io/metadata.name": pod.namespace}):
            return False
    elif pod.namespace != home:
        return False
    return selects(rule.get("podSelector", {}), pod.labels)


def _port_fits(ports, port, protocol, server):
    if not ports:
        return True
    for entry in ports:
        number = server.ports.get(entry["port"]) if isinstance(entry["port"], str) else entry["port"]
        if number == port and entry.get("protocol", "TCP") == protocol:
            return True
    return False


def _direction(policies, kind, pod, other, server, port, protocol):
    """Whether `pod`'s policies of one direction let it talk to `other`."""
    peers_key = "from" if kind == "Ingress" else "to"
    mine = [p for p in policies if kind in p["spec"]["policyTypes"] and _chosen(p, pod)]
    if not mine:
        return True  # no policy chooses the pod: everything is allowed
    for policy in mine:
        for rule in policy["spec"].get(kind.lower(), []):
            peers = rule.get(peers_key)
            meant = not peers or any(_is_peer(peer, other, policy["metadata"]["namespace"]) for peer in peers)
            if meant and _port_fits(rule.get("ports"), port, protocol, server):
                return True
    return False


def allows(documents, client, server, port, protocol="TCP"):
    """Whether `client` may open a connection to `port` of `server`."""
    policies = of_kind(documents, "NetworkPolicy")
    return (_direction(policies, "Egress", client, server, server, port, protocol) and
            _direction(policies, "Ingress", server, client, server, port, protocol))
