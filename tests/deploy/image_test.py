"""The container image: its Dockerfile linted and, with --full, its steps run in a root made with debootstrap."""
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import dockerfile
from manifests import DEPLOY, PROGRAMS, ROOT

HADOLINT = Path(sys.executable).parent / "hadolint"
WORK = ROOT / "build" / "tests" / "image"
PACKAGES = DEPLOY / "image" / "runtime-packages.txt"
USER = 10001
DEBIAN = "bookworm"
CUDA = Path(os.environ.get("CUDA_HOME", "/usr/local/cuda"))
# What an image that only runs has no use for.
UNWANTED = re.compile(r"^(python[0-9.]*|pip[0-9.]*|gcc|g\+\+|cc|c\+\+|clang.*|cmake|ninja|make|ld|as|nvcc|protoc)$")
TINY = ["run.steps=3", "run.checkpoint_every=2", "model.embedded.hidden_size=32", "model.embedded.layers=1", "model.embedded.heads=2",
        "model.embedded.kv_heads=2", "model.embedded.intermediate_size=64", "data.arithmetic.min_digits=1", "data.arithmetic.max_digits=1",
        "pretrain.batches=20", "rollout.prompts=8", "rollout.group_size=4", "learner.minibatch_responses=16",
        "learner.microbatch_responses=16", "evaluation.questions=16"]


def hadolint(text):
    done = subprocess.run([HADOLINT, "--no-color", "-"], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout


def needed_packages():
    """The Debian packages of every shared library that the programs load."""
    libraries = set()
    for program in ("drover", "drover-learner", "drover-actor", "drover-verifier", "drover-model"):
        said = subprocess.run(["ldd", PROGRAMS / program], capture_output=True, text=True, check=True).stdout
        libraries |= {match for match in re.findall(r"=> (/\S+)", said) if "/libtorch/" not in match}
    packages = set()
    for library in libraries:
        # Where /lib is a link to /usr/lib, dpkg knows a file by one of the two names.
        for name in (library, "/usr" + library, os.path.realpath(library)):
            said = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
            if said.returncode == 0:
                packages.add(said.stdout.split(":")[0])
                break
        else:
            raise LookupError(f"{library} is of no package")
    return packages


class Dockerfile(unittest.TestCase):
    TEXT = (DEPLOY / "Dockerfile").read_text()

    @unittest.skipUnless(HADOLINT.exists(), "no hadolint (setup/python-deploy.txt)")
    def test_is_clean(self):
        self.assertEqual(hadolint(self.TEXT), (0, ""))

    @unittest.skipUnless(HADOLINT.exists(), "no hadolint (setup/python-deploy.txt)")
    def test_planted_faults_are_found(self):
        for wrong, right, rule in ((r"debian:latest", r"debian:12-slim@sha256:[0-9a-f]{64}", "DL3007"),
                                   ("RUN sudo /tmp/image/install_runtime.sh /tmp/image", r"RUN /tmp/image/install_runtime.sh /tmp/image", "DL3004"),
                                   ("USER root", r"USER 10001:10001", "DL3002")):
            broken = re.sub(right, wrong, self.TEXT)
            with self.subTest(rule):
                status, said = hadolint(broken)
                self.assertNotEqual(status, 0)
                self.assertIn(rule, said)

    def test_targets_are_what_the_overlays_run(self):
        stages = dockerfile.stages(self.TEXT)
        for target in ("cpu", "cuda"):
            self.assertEqual(stages[target].base, "runtime")
            self.assertIn(("USER", f"{USER}:{USER}"), stages[target].steps)
            self.assertIn(("COPY", f"--from=build-{target} /opt/drover /opt/drover"), stages[target].steps)
        self.assertEqual(list(stages)[-1], "cpu", "what is built when no target is named")
        self.assertRegex(stages["base"].base, r"^debian:12-slim@sha256:[0-9a-f]{64}$")

    @unittest.skipUnless(shutil.which("dpkg-query") and (PROGRAMS / "drover").exists(), "no Debian, or the programs are not built")
    def test_runtime_packages_are_those_that_the_programs_load(self):
        listed = {line for line in PACKAGES.read_text().split("\n") if line and not line.startswith("#")}
        self.assertEqual(listed, needed_packages())


def missing():
    if not os.environ.get("DROVER_FULL_TESTS"):
        return "only with --full (it makes a root of Debian)"
    if os.geteuid() != 0:
        return "needs root"
    if not shutil.which("debootstrap"):
        return "no debootstrap"
    return None if (PROGRAMS / "drover").exists() else "the programs are not built"


def setUpModule():
    shutil.rmtree(WORK, ignore_errors=True)


@functools.cache
def debian():
    """The root that stands for the image that everything starts from."""
    root = WORK / "debian"
    root.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["debootstrap", "--variant=minbase", DEBIAN, str(root)], check=True, stdout=subprocess.DEVNULL)
    return root


@unittest.skipIf(missing(), missing())
class ImageRoot(unittest.TestCase):
    """The stages `runtime` and `cpu` as they are; what stage `build-cpu` would compile comes from build/, by the same script."""
    target = "cpu"

    @classmethod
    def setUpClass(cls):
        cls.work = WORK / cls.target
        cls.work.mkdir(parents=True)
        built = cls.work / f"build-{cls.target}"
        subprocess.run([DEPLOY / "image" / "build.sh", cls.target, built / "opt" / "drover"], check=True)
        text = (DEPLOY / "Dockerfile").read_text()
        image = dockerfile.stages(text)["base"].base
        cls.builder = dockerfile.Builder(text, ROOT, {image: debian(), f"build-{cls.target}": built}, cls.fresh)
        cls.root = cls.builder.build(cls.target)
        cls.settings = cls.builder.settings[cls.target]
        size = lambda path: int(subprocess.run(["du", "-sm", path], capture_output=True, text=True).stdout.split()[0])
        print(f"image root {cls.target}: {size(cls.root)} MB, of which /opt/drover {size(cls.root / 'opt' / 'drover')} MB, "
              f"Debian {size(debian())} MB before the runtime packages", flush=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work, ignore_errors=True)  # gigabytes

    @classmethod
    def fresh(cls, name):
        folder = cls.work / name
        folder.mkdir()
        return folder

    def inside(self, *command):
        """Runs a command as a cluster would: the image's user and environment, no privileges, a read-only root, /runs and /tmp to write to."""
        runs = self.work / "runs"
        runs.mkdir(exist_ok=True)
        os.chown(runs, USER, USER)
        (self.root / "runs").mkdir(exist_ok=True)
        user, group = self.settings["user"]
        script = ('set -e; r=$1; shift; ip link set lo up 2>/dev/null || true; mount --bind "$r" "$r"; mount -t proc proc "$r/proc"; '
                  'mount --rbind /dev "$r/dev"; mount --bind "$RUNS" "$r/runs"; mount -t tmpfs tmpfs "$r/tmp"; mount -o remount,ro,bind "$r"; '
                  'unset RUNS; exec chroot "$r" setpriv --reuid="$1" --regid="$2" --clear-groups --no-new-privs --bounding-set=-all -- "${@:3}"')
        environment = {"PATH": os.environ["PATH"], **self.settings["env"], "RUNS": str(runs)}
        environment["PATH"] = self.settings["env"]["PATH"]
        return subprocess.run(["unshare", "--mount", "--net", "bash", "-c", script, "bash", str(self.root), str(user), str(group), *command],
                              env=environment, capture_output=True, text=True, timeout=300)

    def test_every_program_starts_as_its_user(self):
        for program in ("drover", "drover-learner", "drover-actor", "drover-verifier", "drover-model"):
            done = self.inside(f"/opt/drover/bin/{program}", "--help")
            with self.subTest(program):
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.inside("/usr/bin/id", "-u").stdout.strip(), str(USER))

    def test_the_root_is_read_only(self):
        done = self.inside("/bin/sh", "-c", "touch /opt/drover/x || touch /etc/x || touch /x")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Read-only file system", done.stderr)

    def test_a_small_run_trains(self):
        settings = [word for setting in TINY for word in ("--set", setting)]
        done = self.inside("/opt/drover/bin/drover", "train", "--recipe", "arithmetic", "--out", "/runs/tiny", "--quiet", *settings)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        summary = json.loads((self.work / "runs" / "tiny" / "summary.json").read_text())
        self.assertEqual(summary["steps"], 3)
        self.assertEqual((self.work / "runs" / "tiny" / "summary.json").stat().st_uid, USER)

    def test_no_compiler_and_no_python(self):
        folders = [self.root / folder for folder in ("usr/bin", "usr/sbin", "usr/local/bin", "opt/drover/bin")]
        found = [path.name for folder in folders if folder.is_dir() for path in folder.iterdir() if UNWANTED.match(path.name)]
        self.assertEqual(found, [])
        self.assertTrue(UNWANTED.match("python3.11") and UNWANTED.match("g++"))

    def test_licences_are_there(self):
        for path in ("opt/drover/share/doc/drover/LICENSE", "opt/drover/share/doc/drover/THIRD_PARTY.md", "usr/share/doc/libgrpc29/copyright",
                     "usr/share/doc/libflint17/copyright"):
            self.assertTrue((self.root / path).stat().st_size > 0, path)

    def test_nothing_is_writable_by_all_and_nothing_gains_rights_but_debians_own(self):
        said = subprocess.run(["find", str(self.root / "opt"), "-xdev", "(", "-perm", "-0002", "-o", "-perm", "/6000", ")", "!", "-type", "l"],
                              capture_output=True, text=True).stdout
        self.assertEqual(said, "")


@unittest.skipUnless((CUDA / "bin" / "nvcc").exists(), "no CUDA toolkit")
class CudaImageRoot(ImageRoot):
    """The same of target `cuda`: with CUDA's libraries, on a machine that may have no GPU."""
    target = "cuda"

    def test_it_is_built_with_cuda(self):
        self.assertTrue((self.root / "opt/drover/lib/libtorch_cuda.so").exists())

    @unittest.skipIf(Path("/dev/nvidia0").exists(), "there is a GPU")
    def test_asking_for_a_gpu_where_there_is_none_is_a_wrong_configuration(self):
        done = self.inside("/opt/drover/bin/drover", "train", "--recipe", "arithmetic", "--out", "/runs/gpu", "--quiet", "--set", "run.device=cuda:0")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("cuda:0", done.stderr)
        self.assertFalse((self.work / "runs" / "gpu").exists(), "nothing was written")


if __name__ == "__main__":
    unittest.main()
