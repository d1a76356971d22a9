"""The peers' programs: each opens its window and does what its standard input asks."""
