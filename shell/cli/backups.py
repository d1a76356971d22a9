"""`tidewire backup` and `tidewire restore`: conversations, settings and providers in a file."""

from collections.abc import Sequence
from pathlib import Path

from shell.cli.open_store import to_write
from shell.cli.output import check_target
from shell.contract import BackupProvider
from shell.conversations.backup_contents import chooser, contents, missing_headers
from shell.errors import ShellError
from shell.store.backup import bundle
from shell.store.errors import storage_errors
from shell.store.store import FILE
from shell.store.wire_log import remove_stored
from shell.support.data_directory import REQUESTS, DataDirectory
from shell.support.futures import result_of
from shell.support.text import escaped


def backup(data: DataDirectory, *, file: str) -> None:
    """Write a backup. A window or `serve` may be running meanwhile."""
    source, target = data.path / FILE, Path(file).absolute()
    if not source.exists():
        raise ShellError(f"There are no conversations in {data.path} yet")
    check_target(target)
    with storage_errors(target):
        bundle.write(target, source)
    print(f"Saved {target} ({target.stat().st_size:,} bytes). Keys are not included.")


def restore(
    data: DataDirectory, *, file: str, with_provider: Sequence[str], with_setting: Sequence[str]
) -> None:
    """Replace the conversations with those of a backup, after making a safety copy."""
    source = Path(file).absolute()
    if not source.exists():
        raise ShellError(f"There is no file {source}")
    with to_write(data, "tidewire restore") as store:
        choose = chooser(data.path, with_provider, with_setting)
        result_of(store.restore(source, choose, lambda: remove_stored(data.path / REQUESTS)))
        print(f"Restored {source}. The previous data is backed up in {store.backups.folder}.")
        extras = bundle.read_extras(source)
        left = contents(extras, data.path)
        missing = missing_headers(extras, data.path)
    for name in dict.fromkeys(with_provider):
        if missing[name]:
            print(f"The provider {name} was restored without its headers {_joined(missing[name])},")
            print("    whose values are in no backup. Remove it, then add it again with --header.")
    for provider in left.providers:
        print(f"Left out: {_described(provider)}. To restore it as well, add")
        print(f"    --with-provider {provider.id}")
    for each in left.choices:
        value = each.provider_id if each.model_id is None else each.model_id
        print(
            f"Left out: the setting {each.setting} ({_one_line(value)}). To restore it as well, add"
        )
        print(f"    --with-setting {each.setting}")


def _described(provider: BackupProvider) -> str:
    """Describe a provider of the backup, without the values of its headers."""
    facts = [provider.address or ""]
    if provider.key_env is not None:
        facts.append(f"key from the variable {provider.key_env}")
    if provider.headers:
        facts.append(f"headers {_joined(provider.headers)}")
    if provider.missing_headers:
        facts.append(f"without the values of the headers {_joined(provider.missing_headers)}")
    return _one_line(f"the provider {provider.id} ({'; '.join(facts)})")


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names)


def _one_line(text: str) -> str:
    """Write a text in one line, which cannot control a terminal."""
    return escaped(" ".join(text.split()))
