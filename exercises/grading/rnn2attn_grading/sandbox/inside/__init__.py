"""What the jail holds of this package: these files, and no other.

`fork_server` is the jail's first process, and `large_pages` lets it be copied fast. `worker` runs in a copy, beside
the learner's code. `protocol` is on both sides. `escape_tests` tries, from within, what must not be possible.
"""
