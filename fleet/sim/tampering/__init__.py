"""The tamper primitives that the world offers, one file per family. It knows nothing of attacks.

Every request is answered with the tick of its effect, or with why it has none: an injection that is accepted and
does nothing would be worse than a refusal.
"""

from fleet.sim.tampering.hand import Tampering
from fleet.sim.tampering.primitive import Vault
from fleet.sim.tampering.registry import attack_classes, discover

__all__ = ["Tampering", "Vault", "attack_classes", "discover"]
