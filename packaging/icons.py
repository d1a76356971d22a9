"""Draws the program's icon in the sizes that desktops need."""

import os
import sys
from pathlib import Path

DRAWING = Path(__file__).parent / "linux" / "tidewire.svg"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def draw(target: Path, sizes: tuple[int, ...] = SIZES) -> None:
    """Write `SIZExSIZE/apps/tidewire.png` for every size, below a theme's folder."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication([])
    drawing = QSvgRenderer(str(DRAWING))
    for size in sizes:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        drawing.render(painter)
        painter.end()
        file = target / f"{size}x{size}" / "apps" / "tidewire.png"
        file.parent.mkdir(parents=True)
        if not image.save(str(file)):
            raise OSError(f"{file} could not be written")
    application.quit()


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
    sys.exit(0)
