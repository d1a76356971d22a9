"""`tidewire new`: a program of one's own, from a template."""

from pathlib import Path

from shell.support.data_directory import DataDirectory

NEXT = """\
{folder} is there. Next:
    cd {name}
    (cd page && npm install)
    python -m shell.program dev             in the browser; --window for the window
    (cd page && npm run build) && python app.py
    python -m pytest                        in both shells; needs pytest and playwright"""


def new(data: DataDirectory, name: str, npm: Path | None = None) -> int:
    """Make a folder with a program that runs; prints what to type next."""
    from shell.program.new import create

    folder = create(Path.cwd(), name, npm)
    print(NEXT.format(folder=folder, name=name))
    return 0
