"""A desktop home for every language model. What other programs use of it is `tidewire_bridge`."""

__version__ = "0.1.0"
