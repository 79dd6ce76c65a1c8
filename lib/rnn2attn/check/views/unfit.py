"""The refusal of a view."""


class UnfitError(Exception):
    """An output does not have the property; the message is for the learner."""
