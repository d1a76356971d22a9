"""Finds the files of local models and verifies them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shell.errors import ErrorCode, ProviderError
from shell.providers.local.gguf import Header, read_header
from shell.support.files import expand_home, sha256

EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDED_ID = "smollm2-135m-instruct"
EMBEDDED_NAME = "SmolLM2 135M Instruct"
"""A name for people. The name in the file's header is meant for those who trained the model."""
EMBEDDED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MODEL_FILE_VARIABLE = "TIDEWIRE_MODEL_FILE"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file with its size and time of change."""

    id: str
    path: Path
    size: int
    mtime_ns: int
    embedded: bool
    """Whether it is the model that comes with the program, whose hash is known."""

    def verify(self) -> None:
        """Compare the file with its known hash. Slow, so call it in a worker thread.

        Raises:
            ProviderError: LOCAL_MODEL_MISSING when it is the embedded model and damaged.
        """
        if not self.embedded:
            return
        if sha256(self.path) != EMBEDDED_SHA256:
            raise ProviderError(
                ErrorCode.LOCAL_MODEL_MISSING,
                f"The model file {self.path} is damaged. Delete it and run `tidewire model "
                "fetch` to download it again.",
            )


class ModelFiles:
    """Finds the model files on this machine.

    Args:
        data_dir: the program's data directory; its `models` holds the user's own files.
        environ: for `TIDEWIRE_MODEL_FILE`.
        root: the project's root, or the directory that holds the installed package.
    """

    def __init__(
        self,
        data_dir: Path | None,
        environ: Mapping[str, str] = os.environ,
        root: Path = Path(__file__).parents[3],
    ) -> None:
        self._data_dir = data_dir
        self._environ = environ
        self._root = root
        self._headers: dict[ModelFile, Header] = {}

    def all(self) -> list[ModelFile]:
        """List all files, the default first, including those that cannot be used."""
        found: dict[str, ModelFile] = {}
        for weights in filter(None, map(_model_file, self._paths())):
            found.setdefault(weights.id, weights)
        return list(found.values())

    def default(self) -> ModelFile:
        """Find the file for requests that name no model.

        Raises:
            ProviderError: LOCAL_MODEL_MISSING.
        """
        paths = self._paths()[:1] if self._environ.get(MODEL_FILE_VARIABLE) else self._paths()
        found = next(filter(None, map(_model_file, paths)), None)
        if found is None:
            raise ProviderError(ErrorCode.LOCAL_MODEL_MISSING, self._missing())
        return found

    def find(self, model_id: str) -> ModelFile:
        """Find the file of a model.

        Raises:
            ProviderError: MODEL_NOT_FOUND; LOCAL_MODEL_MISSING when there is no file at all, or the
                one that the environment names does not exist.
        """
        default = self.default()
        files = {weights.id: weights for weights in self.all()} | {default.id: default}
        if model_id not in files:
            raise ProviderError(
                ErrorCode.MODEL_NOT_FOUND,
                f"There is no local model {model_id}. Available: {', '.join(files)}.",
            )
        return files[model_id]

    def header(self, weights: ModelFile) -> Header:
        """Read the header of a file, once.

        Raises:
            ProviderError: LOCAL_MODEL_MISSING when it is no GGUF file or not all of one.
        """
        header = self._headers.get(weights)
        if header is None:
            header = self._headers[weights] = read_header(weights.path)
        return header

    def _missing(self) -> str:
        named = self._environ.get(MODEL_FILE_VARIABLE)
        if named:
            return f"The file {named}, named in {MODEL_FILE_VARIABLE}, does not exist."
        return (
            "The local model's weights are missing. Run `tidewire model fetch` to download "
            f"them, or name a GGUF file in {MODEL_FILE_VARIABLE}."
        )

    def _paths(self) -> list[Path]:
        named = self._environ.get(MODEL_FILE_VARIABLE)
        paths = [expand_home(named).absolute()] if named else []
        paths.append(self._root / "shell" / "models" / EMBEDDED_FILE)
        paths.append(self._root / ".models" / EMBEDDED_FILE)
        if self._data_dir is not None:
            own = self._data_dir / "models"
            paths += [own / EMBEDDED_FILE, *sorted(own.glob("*.gguf"))]
        return paths


class SingleFile(ModelFiles):
    """A single model file at any path.

    Args:
        path: the file's absolute path.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(None, {})
        self._path = path

    def _missing(self) -> str:
        return f"The model file {self._path} no longer exists."

    def _paths(self) -> list[Path]:
        return [self._path]


def _model_file(path: Path) -> ModelFile | None:
    try:
        status = path.stat()
    except OSError:
        return None
    embedded = path.name == EMBEDDED_FILE
    model_id = EMBEDDED_ID if embedded else "-".join(path.stem.lower().split()) or "model"
    return ModelFile(model_id, path, status.st_size, status.st_mtime_ns, embedded)
