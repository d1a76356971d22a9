"""Providers: everybody who can run a model, behind one seam (`base.py`)."""
