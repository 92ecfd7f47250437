"""The three answers a verb or question may give instead of a result; anything else that is raised is a bug."""

from typing import Any, ClassVar


class Refusal(Exception):
    """A rule says no: `text` in words (may hold %(name)s for `values`), `field` is the form field it concerns."""

    field: ClassVar[str | None] = None
    text: ClassVar[Any] = ""
    # Names of the database's constraints that say the same when two people are faster than a check.
    constraints: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: object) -> None:
        super().__init__(type(self).__name__)
        self.values = values

    @property
    def message(self) -> str:
        """What to tell the person, in the language active now."""
        return str(self.text) % self.values if self.values else str(self.text)


class Forbidden(Exception):
    """The actor lacks the permission `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotFound(Exception):
    """No such row, or none that the actor may see: the two are told apart nowhere."""


def refusal_for(constraint: str | None) -> Refusal | None:
    """The refusal that speaks for a constraint of the database, if one does."""
    waiting = [Refusal]
    for kind in waiting:
        if constraint in kind.constraints:
            return kind()
        waiting += kind.__subclasses__()
    return None
