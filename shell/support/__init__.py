"""Helpers that know nothing of language models: files, text, processes, threads, logs."""
