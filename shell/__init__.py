"""Runs language models for a window, a browser and the command line.

Other programs use parts of it through `tidewire_bridge`.
"""

__version__ = "0.1.0"
