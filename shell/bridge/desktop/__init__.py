"""Windows of the desktop and what each of them needs."""
