"""Tests in real windows, around a toy host; and of what a window is made of."""
