"""Which test shows which behaviour: the numbered list, and the table that is made from it."""
