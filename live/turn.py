"""Whose turn it is to change a session's state: a lock that can also be had without waiting, by whoever is no task."""

import asyncio


class Turn(asyncio.Lock):
    def take_if_free(self) -> bool:
        """Then it is to be released like any other. Those who wait for it already go first."""
        if self.locked():
            return False
        taking = self.acquire()
        try:
            taking.send(None)
        except StopIteration:  # a free lock is had in one step
            return True
        taking.close()
        return False
