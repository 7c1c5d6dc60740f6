"""A pod as the kubelet runs it: its exact command, arguments and environment, its probes, preStop, SIGTERM, and SIGKILL after the grace period."""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from manifests import bytes_of, cores_of, port_of

HERE = Path(__file__).resolve().parent
OPT = "/opt/drover"  # where the image has the programs


class Pod:
    """Thread-safe: threads of its own watch the process and its probes. `say(event, **fields)` records what happens."""

    def __init__(self, site, say, load, name, hostname, annotations, labels):
        self.site, self.load, self.name, self.hostname = site, load, name, hostname
        self.annotations, self.labels = annotations, labels
        self.spec = load.template["spec"]
        self.container = self.spec["containers"][0]
        self.netns, self.address = site.network.add(hostname)
        self.folder = site.work / "pods" / name
        self.folder.mkdir(parents=True)
        self.process, self.starts, self.ready, self.started, self.deleting = None, 0, False, False, False
        self.exit = None       # exit status, or -signal, of its newest end
        self.ended = threading.Event()
        self.killed = False    # the grace period was over
        self._say = say
        self._lock = threading.Lock()
        self._end = threading.Event()   # no more probes
        self._wake = threading.Event()  # no more waiting for a restart
        threading.Thread(target=self._run, daemon=True).start()
        threading.Thread(target=self._probe, daemon=True).start()

    # --- what the container is made of

    def _field(self, path):
        match = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
        if match:
            return {"labels": self.labels, "annotations": self.annotations}[match.group(1)][match.group(2)]
        return {"metadata.name": self.name, "metadata.namespace": self.site.namespace, "status.podIP": self.address}[path]

    def environment(self):
        values = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": self.hostname}
        for entry in self.container["env"]:
            source = entry.get("valueFrom", {})
            if "fieldRef" in source:
                values[entry["name"]] = self._field(source["fieldRef"]["fieldPath"])
            elif "resourceFieldRef" in source:
                what, kind = source["resourceFieldRef"]["resource"].split(".")
                values[entry["name"]] = str(-(-cores_of(self.container["resources"][what][kind]) // 1)).removesuffix(".0")
            else:
                values[entry["name"]] = self._expand(entry["value"], values)
        return values

    @staticmethod
    def _expand(text, values):
        return re.sub(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)", lambda match: values.get(match.group(1), match.group(0)), text)

    def _volumes(self):
        """(mounts, memory) for pod_root.py."""
        mounts, memory = [], {}
        volumes = {volume["name"]: volume for volume in self.spec["volumes"]}
        for entry in self.container["volumeMounts"]:
            volume = volumes[entry["name"]]
            if volume.get("emptyDir", {}).get("medium") == "Memory":
                memory[entry["mountPath"]] = int(bytes_of(volume["emptyDir"]["sizeLimit"]))
                continue
            if "emptyDir" in volume:
                source = self.folder / "volumes" / entry["name"]
                source.mkdir(parents=True, exist_ok=True)
                source.chmod(0o2777)
            elif "configMap" in volume:
                source = self.site.config_map(volume["configMap"]["name"])
            else:
                source = self.site.claim(volume["persistentVolumeClaim"]["claimName"], self.spec["securityContext"]["fsGroup"])
            read_only = entry.get("readOnly", False) or "configMap" in volume
            mounts.append({"source": str(source), "target": entry["mountPath"], "read_only": read_only})
        return mounts, memory

    def command(self):
        """argv and environment of the process to start."""
        values = self.environment()
        argv = [self._expand(word, values) for word in self.container["command"] + self.container["args"]]
        mounts, memory = self._volumes()
        programs = [("bin", self.site.programs / "bin"), ("share", self.site.programs / "share"), ("lib", self.site.libraries)]
        if not self.site.network.isolated:
            return self._mapped(argv, mounts, dict(programs)), {**os.environ, **values}
        mounts += [{"source": str(source), "target": f"{OPT}/{name}", "read_only": True} for name, source in programs]
        domain = f"svc.{self.site.domain}"
        root = self.folder / "root"
        root.mkdir(exist_ok=True)
        spec = {"netns": self.netns, "hostname": self.hostname, "root": str(root), "mounts": mounts, "memory": memory,
                "uid": self.spec["securityContext"]["runAsUser"] if self.site.as_root else None, "argv": argv, "env": values,
                "files": {"/etc/hostname": self.hostname + "\n",
                          "/etc/hosts": f"127.0.0.1 localhost\n{self.address} {self.hostname}\n",
                          "/etc/nsswitch.conf": "hosts: files dns\n",
                          "/etc/resolv.conf": f"nameserver {self.site.network.gateway}\n"
                                              f"search {self.site.namespace}.{domain} {domain} {self.site.domain}\noptions ndots:5\n"}}
        path = self.folder / "spec.json"
        path.write_text(json.dumps(spec, indent=1))
        return [sys.executable, str(HERE / "pod_root.py"), str(path)], dict(os.environ)

    def _mapped(self, argv, mounts, programs):
        """Without namespaces: paths of this machine, this pod's address to listen on, addresses for names."""
        mapped = []
        for word in argv:
            word = word.replace(OPT + "/bin", str(programs["bin"])).replace("0.0.0.0", self.address)
            for entry in mounts:
                word = re.sub(rf"(^|=){re.escape(entry['target'])}(/|$)", rf"\g<1>{entry['source']}\2", word)
            mapped.append(self.site.with_addresses(word))
        return mapped

    # --- the process

    def _run(self):
        while True:
            argv, environment = self.command()
            with self._lock:
                if self.deleting:
                    break
                self.started = self.ready = False
                self.starts += 1
                with open(self.folder / "log", "ab") as log:
                    self.process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            code = self.process.wait()
            self.ready = False
            self.exit = code
            self._say("exited", pod=self.name, code=code, deleting=self.deleting)
            if self.deleting or self.spec.get("restartPolicy", "Always") == "Never":
                break
            if self.starts > 1:
                self._wake.wait(10)  # the kubelet restarts at once the first time, then after 10 s
        self._end.set()
        self.ended.set()

    def kill(self, number):
        with self._lock:
            if self.process and self.process.poll() is None:
                self.process.send_signal(number)

    def delete(self):
        """preStop, SIGTERM, and SIGKILL when the grace period is over. Returns when the process has ended."""
        begun = time.monotonic()
        with self._lock:
            again, self.deleting = self.deleting, True
        if again:
            self.ended.wait()
            return
        self.ready = False
        self._wake.set()
        grace = self.spec["terminationGracePeriodSeconds"]
        running = self.process and self.process.poll() is None
        if running:
            time.sleep(self.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0))
            self.kill(signal.SIGTERM)
        if not self.ended.wait(max(0, grace - (time.monotonic() - begun))) and running:
            self.killed = True
            self.kill(signal.SIGKILL)
            self.ended.wait(10)
        self._say("deleted", pod=self.name, seconds=round(time.monotonic() - begun, 1), killed=self.killed)
        if self.netns:
            self.site.network.remove(self.netns)

    # --- probes

    def get(self, path, port, timeout=3):
        """(status, body) of a GET; status None when there was no answer."""
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://{self.address}:{port}{path}", timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None, ""

    def _asked(self, probe):
        what = self.container[probe]["httpGet"]
        status, _ = self.get(what["path"], port_of(self.container, what["port"]), self.container[probe]["timeoutSeconds"])
        return status is not None and 200 <= status < 400

    def _probe(self):
        failures, due = {"startupProbe": 0, "livenessProbe": 0, "readinessProbe": 0}, {}
        starts = 0
        while not self._end.wait(0.1):
            if self.starts != starts:
                starts, failures, due = self.starts, dict.fromkeys(failures, 0), {}
            for probe in ("livenessProbe", "readinessProbe") if self.started else ("startupProbe",):
                now = time.monotonic()
                if now < due.get(probe, 0):
                    continue
                due[probe] = now + self.container[probe]["periodSeconds"]
                passed = self._asked(probe)
                if starts != self.starts or self.deleting:
                    break
                failures[probe] = 0 if passed else failures[probe] + 1
                self._judge(probe, passed, failures[probe] >= self.container[probe]["failureThreshold"])

    def _judge(self, probe, passed, given_up):
        if probe == "readinessProbe" and (passed or given_up) and self.ready != passed:
            self.ready = passed
            self._say("ready" if passed else "not ready", pod=self.name)
        elif probe == "startupProbe" and passed:
            self.started = True
        elif probe != "readinessProbe" and given_up:
            self._say("unhealthy", pod=self.name, probe=probe)
            self.kill(signal.SIGKILL)

    def metric(self, name, labels=""):
        """Sum of a metric's samples whose labels contain `labels`; 0 without an answer."""
        _, text = self.get("/metrics", port_of(self.container, "metrics"))
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if re.match(rf"{name}(\{{|\s)", line) and labels in line)
        return sum(float(value) for _, value in samples)
