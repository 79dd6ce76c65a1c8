"""What the jail holds of this package: these files, and no other.

`worker` runs in the jail, beside the learner's code. `wire` is on both sides.
`walls` tries, from within, what must not be possible.
"""
