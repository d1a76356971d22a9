"""What a page may call: one class per namespace, behind one door."""
