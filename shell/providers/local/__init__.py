"""Runs models on this machine with llama.cpp."""
