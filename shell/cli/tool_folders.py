"""`tidewire tools folder`: chooses the folders that the tool `read_file` may read."""

from shell.cli.output import print_line
from shell.errors import NotFound, ValidationFailed
from shell.support.data_directory import DataDirectory
from shell.support.files import expand_home
from shell.tools.choices import ToolChoices


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print the chosen folders."""
    for folder in ToolChoices(data.path).folders():
        print_line({"folder": folder}, folder, as_json=as_json)


def add(data: DataDirectory, *, folder: str, as_json: bool) -> None:
    """Let `read_file` read a folder and everything below it.

    Raises:
        ValidationFailed: the path is no folder.
    """
    path = expand_home(folder)
    if not path.is_dir():
        raise ValidationFailed([("folder", f"{folder[:200]} is no folder")])
    data.prepare()
    added = ToolChoices(data.path).choose_folder(path)
    print_line({"folder": added}, f"read_file may read {added}", as_json=as_json)


def remove(data: DataDirectory, *, folder: str, as_json: bool) -> None:
    """Stop `read_file` from reading a folder.

    Raises:
        NotFound: the folder is not chosen.
    """
    dropped = ToolChoices(data.path).drop_folder(expand_home(folder))
    if dropped is None:
        raise NotFound(f"{folder[:200]} is not chosen. 'tidewire tools folder list' shows what is.")
    line = {"folder": dropped, "removed": True}
    print_line(line, f"read_file may no longer read {dropped}", as_json=as_json)
