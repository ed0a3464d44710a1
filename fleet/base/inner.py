"""Compiled functions that only compiled functions call: machine code is made of them once, inside entries.

numba by itself optimises and assembles every function together with all that it calls, each for a door of its own.
Where functions call one another eight deep, most of the time to compile goes into doors that nobody uses. Here a
function is kept as it comes from the front end until an entry is compiled, which takes in all that it needs.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from numba import _dynfunc  # type: ignore[attr-defined]  # it is written in C
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

# mypy: disable-error-code="misc, no-untyped-call, untyped-decorator"


class _Kept(JITCodeLibrary):  # numba has no types
    """Code that waits for its callers."""

    def _optimize_final_module(self) -> None:
        """Callers optimise it."""

    def _finalize_final_module(self) -> None:
        """Callers make it machine code."""
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):
    """The last pass: code for callers, and no function for Python."""

    _name = "lowering_for_callers"

    def run_pass(self, state: Any) -> bool:
        """Leave the compiled function in `state`."""
        codegen = state.targetctx.codegen()
        state["library"] = _Kept(codegen, state.func_id.func_qualname)
        state["library"].enable_object_caching()
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        door = _no_door(state.func_id.func_name, lowered.env)
        state.targetctx.insert_user_function(door, lowered.fndesc, [state["library"]])
        if getattr(state["library"], "_reload_init", None):  # numba 0.60 has none
            state.reload_init.extend(state["library"]._reload_init)
        state["cr"] = lowered._replace(cfunc=door)
        return True


def _no_door(name: str, env: Any) -> Any:
    """What Python finds under the name of such a function: one that raises `TypeError`.

    numba wants machine code there that takes what Python passes, and gives NULL with an error set.
    """
    refuse = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value
    return _dynfunc.make_function(sys.modules[__name__], name, "for compiled functions only", refuse, env, ())


class Inner(CompilerBase):
    """numba's own way of compiling, with another last pass."""

    def define_pipelines(self) -> list[Any]:
        """See numba."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(_Lowering if one is NativeLowering else one, why) for one, why in passes.passes]
        passes.finalize()
        return [passes]
