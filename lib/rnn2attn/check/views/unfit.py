"""The refusal of a view."""


class Unfit(Exception):
    """An output does not have the property; the message is for the learner."""
