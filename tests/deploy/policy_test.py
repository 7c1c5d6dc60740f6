"""What we ask of every pod, budget and service, beyond what a schema can say."""
import functools
import re
import unittest

import kubernetes_validate
import yaml

from manifests import (DEPLOY, OVERLAYS, PROGRAMS, bytes_of, cores_of, flags_of, help_of, kubectl, of_kind, one, port_of, program_of,
                       resources, selects, workloads)

MARGIN = 5  # seconds of the grace period beyond preStop and --drain-seconds
OTHER_ENVIRONMENT = {"RUN_NAME", "HOME", "OMP_WAIT_POLICY", "NCCL_SOCKET_IFNAME", "NCCL_DEBUG", "NCCL_IB_HCA"}


def environment_flag(name):
    return "--" + name.removeprefix("DROVER_").lower().replace("_", "-")


def restricted_problems(pod):
    """What keeps a pod from Pod Security 'restricted', and from our stricter read-only root and absent token."""
    problems = []
    context = pod.get("securityContext", {})
    if pod.get("automountServiceAccountToken") is not False:
        problems.append("a service account token is mounted")
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            problems.append(key)
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        problems.append("may run as root")
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        problems.append("no seccomp profile")
    allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "secret", "projected", "downwardAPI", "csi", "ephemeral"}
    for volume in pod.get("volumes", []):
        problems += [f"volume {volume['name']} is a {kind}" for kind in volume if kind not in allowed | {"name"}]
    for container in pod["containers"] + pod.get("initContainers", []):
        own = container.get("securityContext", {})
        if own.get("privileged") or own.get("allowPrivilegeEscalation") is not False:
            problems.append(f"{container['name']} may gain privileges")
        if own.get("capabilities", {}).get("drop") != ["ALL"] or own.get("capabilities", {}).get("add"):
            problems.append(f"{container['name']} has capabilities")
        if own.get("readOnlyRootFilesystem") is not True:
            problems.append(f"{container['name']} may write to its root")
        if own.get("runAsNonRoot") is False or own.get("runAsUser") == 0 or own.get("seccompProfile", {}).get("type") == "Unconfined":
            problems.append(f"{container['name']} overrides the pod's security context")
        problems += [f"host port {port['hostPort']}" for port in container.get("ports", []) if "hostPort" in port]
    return problems


def for_each_workload(test):
    """Runs a test method with (overlay, its resources, workload), for every workload of every overlay."""
    @functools.wraps(test)
    def run(self):
        for overlay in OVERLAYS:
            documents = resources(overlay)
            loads = workloads(documents)
            self.assertEqual(sorted(load.component for load in loads), ["actor", "learner", "verifier"])
            for load in loads:
                with self.subTest(overlay=overlay, pod=load.name):
                    test(self, overlay, documents, load)
    return run


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
class Policies(unittest.TestCase):
    @for_each_workload
    def test_pods_are_restricted(self, _, documents, load):
        self.assertEqual(restricted_problems(load.template["spec"]), [])
        labels = of_kind(documents, "Namespace")[0]["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")

    def test_loosened_pods_are_found(self):
        spoil = {
            "a service account token is mounted": lambda pod: pod.pop("automountServiceAccountToken"),
            "may run as root": lambda pod: pod["securityContext"].pop("runAsNonRoot"),
            "no seccomp profile": lambda pod: pod["securityContext"].pop("seccompProfile"),
            "hostNetwork": lambda pod: pod.update(hostNetwork=True),
            "volume host is a hostPath": lambda pod: pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
            "actor may gain privileges": lambda pod: pod["containers"][0]["securityContext"].update(privileged=True),
            "actor has capabilities": lambda pod: pod["containers"][0]["securityContext"]["capabilities"].update(add=["SYS_PTRACE"]),
            "actor may write to its root": lambda pod: pod["containers"][0]["securityContext"].pop("readOnlyRootFilesystem"),
        }
        for problem, change in spoil.items():
            pod = one(resources("local"), "Deployment", "drover-actor")["spec"]["template"]["spec"]
            change(pod)
            with self.subTest(problem):
                self.assertEqual(restricted_problems(pod), [problem])

    def test_the_pod_that_fills_volumes_is_restricted_and_valid(self):
        pod = yaml.safe_load((DEPLOY / "fill.yaml").read_text())
        self.assertEqual(restricted_problems(pod["spec"]), [])
        kubernetes_validate.validate(pod, "1.31", strict=True)
        claims = {volume["persistentVolumeClaim"]["claimName"] for volume in pod["spec"]["volumes"]}
        self.assertEqual(claims, {d["metadata"]["name"] for d in of_kind(resources("gpu"), "PersistentVolumeClaim")} - {"drover-runs"})

    @for_each_workload
    def test_every_container_has_requests_and_limits(self, overlay, documents, load):
        for container in load.containers:
            for what, measure in (("cpu", cores_of), ("memory", bytes_of)):
                requested = measure(container["resources"]["requests"][what])
                self.assertGreater(requested, 0)
                self.assertGreaterEqual(measure(container["resources"]["limits"][what]), requested)

    @for_each_workload
    def test_memory_volumes_fit_into_the_memory_limit(self, overlay, documents, load):
        in_memory = [v["emptyDir"] for v in load.template["spec"]["volumes"] if v.get("emptyDir", {}).get("medium") == "Memory"]
        limit = bytes_of(load.containers[0]["resources"]["limits"]["memory"])
        self.assertLessEqual(sum(bytes_of(volume["sizeLimit"]) for volume in in_memory), limit / 4)

    @for_each_workload
    def test_every_writable_path_is_a_volume_with_a_bound(self, overlay, documents, load):
        for volume in load.template["spec"]["volumes"]:
            if "emptyDir" in volume:
                self.assertIn("sizeLimit", volume["emptyDir"], volume["name"])
        mounted = {mount["name"] for mount in load.containers[0]["volumeMounts"]}
        self.assertEqual(mounted, {volume["name"] for volume in load.template["spec"]["volumes"]})

    @for_each_workload
    def test_the_three_probes_ask_the_metrics_port(self, overlay, documents, load):
        for container in load.containers:
            for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
                self.assertEqual(container[probe]["httpGet"], {"path": path, "port": "metrics"})
            listen = flags_of(container)["--metrics-listen"]
            self.assertEqual(listen, f"0.0.0.0:{port_of(container, 'metrics')}")
            # The liveness probe gives a busy process half a minute at least.
            liveness = container["livenessProbe"]
            self.assertGreaterEqual(liveness["periodSeconds"] * liveness["failureThreshold"], 30)

    @for_each_workload
    def test_the_grace_period_fits_the_drain(self, overlay, documents, load):
        container = load.containers[0]
        pre_stop = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drain = float(flags_of(container).get("--drain-seconds", 0))
        self.assertGreater(drain, 0)
        self.assertGreaterEqual(load.template["spec"]["terminationGracePeriodSeconds"], pre_stop + drain + MARGIN)

    @unittest.skipUnless((PROGRAMS / "drover-actor").exists(), "the programs are not built")
    @for_each_workload
    def test_every_flag_and_variable_exists(self, overlay, documents, load):
        container = load.containers[0]
        known = set(re.findall(r"--[a-z][a-z-]+", help_of(program_of(container))))
        self.assertLessEqual(set(flags_of(container)), known)
        for variable in container["env"]:
            name = variable["name"]
            if name not in OTHER_ENVIRONMENT:
                self.assertTrue(name.startswith("DROVER_"), name)
                self.assertIn(environment_flag(name), known)

    @unittest.skipUnless((PROGRAMS / "drover-actor").exists(), "the programs are not built")
    def test_an_unknown_flag_would_be_found(self):
        self.assertNotIn("--drain-second ", help_of("drover-actor"))
        self.assertIn("--drain-seconds", help_of("drover-actor"))

    @for_each_workload
    def test_addresses_are_those_of_services_and_ports(self, overlay, documents, load):
        flags = flags_of(load.containers[0])
        for flag in ("--learner", "--verifier", "--rendezvous"):
            if flag not in flags:
                continue
            host, port = flags[flag].rsplit(":", 1)
            if flag == "--rendezvous":
                jobset = load.owner
                job = jobset["spec"]["replicatedJobs"][0]["name"]
                network = jobset["spec"]["network"]
                self.assertTrue(network["enableDNSHostnames"] and network["publishNotReadyAddresses"])
                self.assertEqual(host, f"{jobset['metadata']['name']}-{job}-0-0.{network['subdomain']}")
                self.assertEqual(int(port), port_of(load.containers[0], "rendezvous"))
                continue
            service = one(documents, "Service", host)
            self.assertEqual(service["spec"]["clusterIP"], "None")
            self.assertIn(int(port), [entry["port"] for entry in service["spec"]["ports"]])

    def test_services_select_their_pods_and_ports(self):
        for overlay in OVERLAYS:
            documents = resources(overlay)
            for service in of_kind(documents, "Service"):
                chosen = [load for load in workloads(documents)
                          if selects({"matchLabels": service["spec"]["selector"]}, load.pod_labels())]
                with self.subTest(overlay=overlay, service=service["metadata"]["name"]):
                    self.assertEqual([load.component for load in chosen], [service["metadata"]["name"].removeprefix("drover-")])
                    for port in service["spec"]["ports"]:
                        # A headless Service does no translation: the port is the container's.
                        self.assertEqual(port_of(chosen[0].containers[0], port["targetPort"]), port["port"])
                        self.assertTrue(flags_of(chosen[0].containers[0])["--listen"].endswith(f":{port['port']}"))
            ranks = one(documents, "Service", "drover-learner")["spec"]["selector"]
            self.assertFalse(selects({"matchLabels": ranks}, workloads(documents)[-1].pod_labels(1)), "rank 1 serves no gRPC")

    @for_each_workload
    def test_selectors_match_the_pods_they_own(self, overlay, documents, load):
        if load.owner["kind"] == "Deployment":
            self.assertTrue(selects(load.owner["spec"]["selector"], load.labels))
        for constraint in load.template["spec"]["topologySpreadConstraints"]:
            self.assertTrue(selects(constraint["labelSelector"], load.labels))

    def test_disruption_budgets_match_one_workload_each(self):
        for overlay in OVERLAYS:
            documents = resources(overlay)
            budgets = of_kind(documents, "PodDisruptionBudget")
            with self.subTest(overlay):
                matched = [[load.component for load in workloads(documents) if selects(budget["spec"]["selector"], load.labels)]
                           for budget in budgets]
                self.assertEqual(sorted(matched), [["actor"], ["verifier"]])
                for budget in budgets:
                    self.assertNotIn(budget["spec"].get("maxUnavailable"), (0, "0%"), "would hold up every drain of a node")

    @for_each_workload
    def test_the_priorities_exist_and_put_the_learner_first(self, _, documents, load):
        one(documents, "PriorityClass", load.template["spec"]["priorityClassName"])
        value = {c["metadata"]["name"]: c["value"] for c in of_kind(documents, "PriorityClass")}
        self.assertGreater(value["drover-learner"], value["drover-verifier"])
        self.assertGreater(value["drover-verifier"], value["drover-actor"])

    @for_each_workload
    def test_volumes_have_their_claims_and_config_maps(self, _, documents, load):
        for volume in load.template["spec"]["volumes"]:
            if "configMap" in volume:
                one(documents, "ConfigMap", volume["configMap"]["name"])
            if "persistentVolumeClaim" in volume:
                claim = one(documents, "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
                if load.replicas > 1:
                    self.assertEqual(claim["spec"]["accessModes"], ["ReadWriteMany"])

    @for_each_workload
    def test_images_are_pinned_and_fit_the_accelerator(self, overlay, _, load):
        tag = load.containers[0]["image"].split(":")[1]
        version = re.search(r"project\(drover VERSION ([0-9.]+)", (PROGRAMS.parents[1] / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(tag, f"{version}-{'cpu' if overlay == 'local' else 'cuda'}")
        gpus = load.containers[0]["resources"]["limits"].get("nvidia.com/gpu", "0")
        wanted = "0" if overlay == "local" or load.component == "verifier" else "1"
        self.assertEqual(gpus, wanted)
        tolerated = {entry["key"] for entry in load.template["spec"].get("tolerations", [])}
        self.assertEqual("nvidia.com/gpu" in tolerated, wanted == "1")

    @for_each_workload
    def test_pods_carry_the_name_of_the_run(self, _, documents, load):
        name = load.labels["app.kubernetes.io/instance"]
        self.assertEqual(load.owner["metadata"]["labels"]["app.kubernetes.io/instance"], name)
        self.assertEqual({other.labels["app.kubernetes.io/instance"] for other in workloads(documents)}, {name})

    @for_each_workload
    def test_only_actors_may_be_put_on_spot_nodes(self, overlay, _, load):
        text = str(load.template["spec"].get("affinity", {})) + str(load.template["spec"].get("tolerations", []))
        self.assertEqual("spot" in text, overlay == "spot" and load.component == "actor")


if __name__ == "__main__":
    unittest.main()
