"""What stands above the pods: the volumes and names of a namespace, Deployments, and the JobSet."""
import os
import random
import re
import threading
from pathlib import Path

import jobs
from manifests import of_kind, selects, workloads
from network import DOMAIN, Dns
from pods import Pod

INDEX = "batch.kubernetes.io/job-completion-index"


class Site:
    """A namespace: its volumes, ConfigMaps, addresses and names."""

    def __init__(self, documents, work, programs, libraries, network, say):
        self.documents, self.work, self.programs, self.libraries, self.network = documents, work, programs, libraries, network
        self.namespace, self.domain = of_kind(documents, "Namespace")[0]["metadata"]["name"], DOMAIN
        # Whether pods can run as the user of their security context: not as the only user of a user namespace.
        self.as_root = network.isolated and "4294967295" in Path("/proc/self/uid_map").read_text()
        self.say = say
        self.pods = []  # every pod ever, in the order of their start
        self._lock = threading.Lock()
        self._volumes = threading.Lock()  # pods start side by side
        self.dns = Dns(network.gateway, self.lookup) if network.isolated else None

    def volume(self, claim):
        """Where a PersistentVolumeClaim's volume is, or will be."""
        return self.work / "volumes" / claim

    def claim(self, name, group):
        """The same; from now on it is there, and `group` may write."""
        folder = self.volume(name)
        with self._volumes:
            if not folder.exists():
                folder.mkdir(parents=True)
                if self.as_root:
                    os.chown(folder, -1, group)
                folder.chmod(0o2775)
        return folder

    def config_map(self, name):
        """The folder of its files; a ConfigMap that changed has another name."""
        folder = self.work / "config" / name
        with self._volumes:
            if not folder.exists():
                folder.mkdir(parents=True)
                data = next(d for d in of_kind(self.documents, "ConfigMap") if d["metadata"]["name"] == name)["data"]
                for file, text in data.items():
                    (folder / file).write_text(text)
        return folder

    def start(self, load, name, hostname, annotations, index=0):
        with self._lock:
            pod = Pod(self, self.say, load, name, hostname, annotations, load.pod_labels(index))
            self.pods.append(pod)
        self.say("started", pod=name, address=pod.address)
        return pod

    def lookup(self, name):
        """Addresses of SERVICE.NAMESPACE or HOSTNAME.SUBDOMAIN.NAMESPACE; None when there is no such name."""
        host, _, rest = name.partition(".")
        for service in of_kind(self.documents, "Service"):
            if f"{service['metadata']['name']}.{self.namespace}" == name:
                early = service["spec"].get("publishNotReadyAddresses", False)
                found = [pod.address for pod in self.alive()
                         if selects({"matchLabels": service["spec"]["selector"]}, pod.labels) and (early or pod.ready) and not pod.deleting]
                return random.sample(found, len(found)) or None
        for jobset in of_kind(self.documents, "JobSet"):
            if rest == f"{jobset['spec']['network']['subdomain']}.{self.namespace}":
                return [pod.address for pod in self.alive() if pod.hostname == host and pod.load.owner["kind"] == "JobSet"] or None
        return None

    def with_addresses(self, word):
        """`word` with addresses for HOST:PORT of the namespace's names: what stands in for DNS on loopback."""
        def replace(match):
            found = self.lookup(f"{match.group(1)}.{self.namespace}")
            return ",".join(f"{address}:{match.group(2)}" for address in sorted(found)) if found else match.group(0)
        return re.sub(r"([a-z][a-z0-9.-]*):(\d+)", replace, word)

    def alive(self):
        return [pod for pod in list(self.pods) if not pod.ended.is_set()]

    def stop(self):
        stopping = [threading.Thread(target=pod.delete) for pod in self.alive()]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        if self.dns:
            self.dns.stop()


class Deployment:
    def __init__(self, site, name, count=None):
        self.site = site
        self.load = next(load for load in workloads(site.documents) if load.name == name)
        self.pods = []
        self.scale(self.load.replicas if count is None else count)

    def scale(self, count):
        """Starts pods, or deletes the youngest; returns (pods added, pods deleted). Waits for neither."""
        added = []
        while len(self.pods) < count:
            name = f"{self.load.name}-{random.getrandbits(40):010x}"
            added.append(self.site.start(self.load, name, name, {}))
            self.pods.append(added[-1])
        gone = self.pods[count:]
        del self.pods[count:]
        for pod in gone:
            threading.Thread(target=pod.delete).start()
        return added, gone

    def replace(self, pod):
        """Deletes a pod, as a drain of its node does; another one takes its place."""
        self.pods.remove(pod)
        threading.Thread(target=pod.delete).start()
        return self.scale(len(self.pods) + 1)[0][0]


class JobSet:
    """All ranks; starts them again as the failure policies say."""

    def __init__(self, site):
        self.site = site
        self.load = next(load for load in workloads(site.documents) if load.owner["kind"] == "JobSet")
        self.job = self.load.owner["spec"]["replicatedJobs"][0]["name"]
        self.restarts = 0  # counted ones
        self.pods = []
        self._create()

    def _create(self):
        self.pods = [self.site.start(self.load, f"{self.load.name}-0-{rank}-{random.getrandbits(24):06x}", f"{self.load.name}-0-{rank}",
                                     {INDEX: str(rank)}, rank) for rank in range(self.load.replicas)]

    def wait(self, timeout):
        """The exit statuses of the ranks, by rank; None for one that has not ended in time."""
        for pod in self.pods:
            pod.ended.wait(timeout)
        return [pod.exit for pod in self.pods]

    def delete(self):
        threads = [threading.Thread(target=pod.delete) for pod in self.pods]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [pod.exit for pod in self.pods]

    def disrupt(self, rank=0):
        """The node of a rank is drained: its pod gets the condition DisruptionTarget and is deleted. Does what the policies say; returns (exit
        status of that rank, the action)."""
        self.pods[rank].delete()
        code = self.pods[rank].exit
        action, _ = jobs.after_pod(self.load.owner, self.job, code, disrupted=True)
        self.site.say("disrupted", pod=self.pods[rank].name, code=code, action=action)
        if action.startswith("RestartJobSet"):
            self.restarts += action == jobs.RESTART
            self.delete()
            self._create()
        return code, action
