"""Ways to decide when to plan and what to leave for later: one file each, chosen by `dispatch.policy.kind`."""

from __future__ import annotations

import importlib
import pkgutil

from fleet.dispatch.policies.policy import Experience, Outlook, Policy, PolicyKind

__all__ = ["Experience", "Outlook", "Policy", "PolicyKind", "discover"]


def discover() -> dict[str, PolicyKind]:
    """Every policy of this room, by kind."""
    modules = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    kinds = [module.POLICY for module in modules if hasattr(module, "POLICY")]
    return {kind.kind: kind for kind in sorted(kinds, key=lambda k: k.kind)}
