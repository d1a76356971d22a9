"""Search: two indexes, the query and the excerpt."""
