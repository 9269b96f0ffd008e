"""What a peer said, in order, and a way to wait for more of it."""

from threading import Condition

PATIENCE_S = 20
SHOWN = 30  # entries that a failed wait quotes


class Journal:
    """Entries from any thread; whoever waits for some is woken when they come."""

    def __init__(self, name):
        self.name = name
        self._entries = []
        self._is_over = False
        self._news = Condition()

    def note(self, entry):
        with self._news:
            self._entries.append(entry)
            self._news.notify_all()

    def end(self):
        """Say that no more will come: nobody needs to wait any longer."""
        with self._news:
            self._is_over = True
            self._news.notify_all()

    def __len__(self):
        return len(self._entries)

    def since(self, mark=0):
        with self._news:
            return self._entries[mark:]

    def place_of(self, entry):
        """Return the number of an entry."""
        return next(place for place, each in enumerate(self.since()) if each is entry)

    def wait_for(self, fits, *, count=1, mark=0, within_s=PATIENCE_S):
        """Return the entries from number `mark` on that fit, once there are `count` of them."""
        found = []
        seen = mark

        def is_enough():
            nonlocal seen
            found.extend(filter(fits, self._entries[seen:]))
            seen = len(self._entries)
            return len(found) >= count or self._is_over

        with self._news:
            self._news.wait_for(is_enough, within_s)
            if len(found) >= count:
                return found
            reason = "it has ended" if self._is_over else f"{within_s} s have passed"
        came = f"{len(found)} of {count} awaited entries came"
        raise AssertionError(f"{came}, {reason}; {self}")

    def __str__(self):
        """Show the end of it."""
        last = "\n".join(map(str, self.since()[-SHOWN:]))
        return f"{self.name} ends with:\n{last}"
