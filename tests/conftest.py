"""What all tests share: Hypothesis finds the same examples every time, and is in no hurry.

A suite that fails on some days is not believed on the others; new examples are what the long
checks are for. A busy machine is not a defect, so no example has a deadline.
"""

from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")
