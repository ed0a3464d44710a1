"""Whose signed words count in a run: whoever may give a kind of word is made known to all who heed it."""

from __future__ import annotations

from fleet.messages.roles import AIRSPACE_VERBS, GUARD_VERBS, INTENT_VERBS, ORDER_VERBS, STOCK_VERBS
from fleet.messages.run_id import RunId
from fleet.messages.seal import Verifier
from fleet.sim.world import World


def trust_intents(intents: Verifier, world: World, sender: str, public: bytes, run: RunId) -> None:
    """Let dispatch, by its verifier `intents`, and guards heed what `sender` wishes."""
    intents.trust(sender, public, INTENT_VERBS, run)
    world.parts.guard_trust.trust(sender, public, GUARD_VERBS, run)


def trust_orders(world: World, sender: str, public: bytes, run: RunId) -> None:
    """Let vehicles, the airspace and sites obey what `sender` orders."""
    for body in world.bodies:
        body.verifier.trust(sender, public, ORDER_VERBS, run)
    world.overhead.trusted.trust(sender, public, AIRSPACE_VERBS, run)
    world.parts.stock_trust.trust(sender, public, STOCK_VERBS, run)
