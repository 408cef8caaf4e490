"""What all tests share: made-up cases are the same in every run, so that a red run is red again.

`pytest --hypothesis-profile searching` looks for new ones.
"""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None, max_examples=1_000)
settings.load_profile("repeatable")
