"""What `dev.py` is made of: installing, checking, building."""
