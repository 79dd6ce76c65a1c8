"""What the jail holds of this package: these files, and no other.

`first` is the jail's first process. `worker` runs in a copy of that, beside
the learner's code. `wire` is on both sides.
`walls` tries, from within, what must not be possible.
"""
