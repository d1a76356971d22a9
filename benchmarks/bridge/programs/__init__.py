"""The peers' programs. Each opens its window and carries out orders from standard input."""
