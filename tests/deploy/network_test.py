"""NetworkPolicies allow the flows of the design and nothing else."""
import itertools
import unittest

from manifests import OVERLAYS, kubectl, resources, workloads
from network_policies import Peer, allows

GRPC, METRICS, RENDEZVOUS, EPHEMERAL, DNS, HTTPS = 50051, 9464, 29500, 40123, 53, 443

PROMETHEUS = Peer("prometheus", {"app.kubernetes.io/name": "prometheus"}, "monitoring")
KUBE_DNS = Peer("dns", {"k8s-app": "kube-dns"}, "kube-system")
NEIGHBOUR = Peer("neighbour", {"app.kubernetes.io/name": "drover", "app.kubernetes.io/component": "actor"}, "another-run")
STRANGER = Peer("stranger", {"app": "shell"})
API_SERVER = Peer("api", {"component": "kube-apiserver"}, "kube-system")

# (client, server, port, protocol); everything else among these peers and ports is refused.
FLOWS = ({("actor", "learner", GRPC, "TCP"), ("actor", "verifier", GRPC, "TCP")} |
         {("learner", "learner", port, protocol) for port in (GRPC, METRICS, RENDEZVOUS, EPHEMERAL, DNS, HTTPS)
          for protocol in ("TCP", "UDP")} |
         {(pod, "dns", DNS, protocol) for pod in ("learner", "actor", "verifier") for protocol in ("TCP", "UDP")} |
         {("prometheus", pod, METRICS, "TCP") for pod in ("learner", "actor", "verifier")})


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
class NetworkPolicies(unittest.TestCase):
    def peers(self, documents):
        pods = [Peer(load.component, load.pod_labels(),
                     ports={port["name"]: port["containerPort"] for port in load.containers[0]["ports"]})
                for load in workloads(documents)]
        self.assertEqual({pod.name for pod in pods}, {"learner", "actor", "verifier"})
        return pods

    def test_allow_the_flows_of_the_design_and_nothing_else(self):
        for overlay in OVERLAYS:
            documents = resources(overlay)
            pods = self.peers(documents)
            allowed = set()
            for client, server in itertools.product(pods + [PROMETHEUS, NEIGHBOUR, STRANGER],
                                                    pods + [KUBE_DNS, STRANGER, API_SERVER]):
                if client not in pods and server not in pods:
                    continue  # not ours to decide
                for port, protocol in itertools.product((GRPC, METRICS, RENDEZVOUS, EPHEMERAL, DNS, HTTPS), ("TCP", "UDP")):
                    if allows(documents, client, server, port, protocol):
                        allowed.add((client.name, server.name, port, protocol))
            with self.subTest(overlay):
                self.assertEqual(allowed, FLOWS)

    def test_without_the_default_deny_a_stranger_gets_in(self):
        documents = [d for d in resources("local") if d["metadata"]["name"] != "drover-default-deny"]
        self.assertTrue(allows(documents, STRANGER, Peer("pod", {"app": "new"}), GRPC))
        self.assertFalse(allows(resources("local"), STRANGER, Peer("pod", {"app": "new"}), GRPC))


if __name__ == "__main__":
    unittest.main()
