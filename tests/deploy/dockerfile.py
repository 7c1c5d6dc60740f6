"""Reads the part of Dockerfile's language that deploy/Dockerfile uses, and runs a stage in a root folder without a Docker daemon."""
import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    name: str
    base: str                                  # another stage, or an image
    steps: list = field(default_factory=list)  # (instruction, the rest of its line)


def stages(text):
    """The stages by name. An instruction that this reader does not know is an error."""
    found, stage = {}, None
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = found[name] = Stage(name, base.strip())
        elif word in ("RUN", "COPY", "ENV", "USER", "WORKDIR", "CMD"):
            stage.steps.append((word, rest.strip()))
        else:
            raise ValueError(f"Dockerfile: {word} is not understood here: {line}")
    return found


class Builder:
    """Runs stages. `roots` are the roots of images and of stages that are there already; `fresh()` gives the folder for a stage's root."""

    def __init__(self, text, context, roots, fresh, say=print):
        self.stages, self.context, self.roots, self.fresh, self.say = stages(text), Path(context), dict(roots), fresh, say
        self.settings = {}  # stage -> {"env", "user", "cmd"}

    def build(self, name):
        """The root of a stage or image."""
        if name in self.roots:
            return self.roots[name]
        if name not in self.stages:
            raise LookupError(f"there is no root for the image {name}")
        stage = self.stages[name]
        base = self.build(stage.base)
        root = self.fresh(name)
        subprocess.run(["cp", "-a", f"{base}/.", str(root)], check=True)
        inherited = self.settings.get(stage.base, {"env": {}, "user": None, "cmd": None, "folder": "/"})
        settings = self.settings[name] = {**inherited, "env": dict(inherited["env"])}
        for word, rest in stage.steps:
            self.say(f"[{name}] {word} {rest}")
            getattr(self, word.lower())(root, settings, rest)
        self.roots[name] = root
        return root

    def run(self, root, settings, command):
        folder = settings["folder"]
        # A network and a resolver, as a build has.
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        enter = f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev && exec chroot {root} sh -c {shlex.quote(f'cd {folder} && {command}')}"
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **settings["env"]}
        environment.update({key: value for key, value in os.environ.items() if key.lower() in ("http_proxy", "https_proxy", "no_proxy")})
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", enter], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"RUN {command}: status {done.returncode}\n{done.stdout[-4000:]}")

    def copy(self, root, settings, rest):
        words = shlex.split(rest)
        source_root = self.context
        if words[0].startswith("--from="):
            source_root = Path(self.build(words.pop(0).removeprefix("--from=")))
        *sources, target = words
        into = root / (Path(settings["folder"]) / target).as_posix().lstrip("/")
        for source in sources:
            path = source_root / source.lstrip("/")
            if path.is_dir():
                into.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-a", f"{path}/.", str(into)], check=True)
            else:
                (into if target.endswith("/") else into.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, into)

    def env(self, root, settings, rest):
        settings["env"].update(word.split("=", 1) for word in shlex.split(rest))

    def user(self, root, settings, rest):
        settings["user"] = tuple(map(int, rest.split(":")))

    def workdir(self, root, settings, rest):
        settings["folder"] = rest
        (root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def cmd(self, root, settings, rest):
        settings["cmd"] = json.loads(rest)
