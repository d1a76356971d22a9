"""The methods that a page may call: one class for each namespace, all behind one door."""
