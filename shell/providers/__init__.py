"""The providers that run models, behind one interface (`base.py`)."""
