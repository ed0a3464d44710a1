"""The barrier of HELICS (PyPI `helics`, zmq core): as many federates, each publishing as many bytes each step.

A federate publishes a string, asks for the next second, and reads what all have published. HELICS does more than a
barrier here (time negotiation, a broker), and knows no signatures or roles.
"""

from __future__ import annotations

import multiprocessing as mp
import time
from multiprocessing.connection import Connection
from typing import Any

from busbench.measure import hear

WARM_UP = 20


def ticks_per_second(count: int, ticks: int, payload_bytes: int) -> float:
    """Steps a second, told by the first federate. Raises `ImportError` where HELICS is not installed."""
    import helics

    broker = helics.helicsCreateBroker("zmq", "", f"-f {count} --loglevel=no_print")
    assert helics.helicsBrokerIsConnected(broker)
    here, there = mp.Pipe()
    spawn = mp.get_context("spawn")
    workers = [
        spawn.Process(target=_federate, args=(number, count, ticks, payload_bytes, there), daemon=True)
        for number in range(count)
    ]
    try:
        for worker in workers:
            worker.start()
        rate: float = hear(here)
        for worker in workers:
            worker.join(20.0)
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.kill()
        helics.helicsBrokerDisconnect(broker)
        helics.helicsBrokerFree(broker)
        helics.helicsCloseLibrary()
    return rate


def _federate(number: int, count: int, ticks: int, payload_bytes: int, control: Connection) -> None:
    import helics

    info: Any = helics.helicsCreateFederateInfo()
    helics.helicsFederateInfoSetCoreTypeFromString(info, "zmq")
    helics.helicsFederateInfoSetCoreInitString(info, "--federates=1 --loglevel=no_print")
    helics.helicsFederateInfoSetTimeProperty(info, helics.helics_property_time_delta, 1.0)
    federate = helics.helicsCreateValueFederate(f"f-{number}", info)
    said = helics.helicsFederateRegisterGlobalPublication(
        federate, f"said-{number}", helics.helics_data_type_string, ""
    )
    heard = [helics.helicsFederateRegisterSubscription(federate, f"said-{other}", "") for other in range(count)]
    text = "x" * payload_bytes
    helics.helicsFederateEnterExecutingMode(federate)
    began = 0.0
    for step in range(WARM_UP + ticks):
        if step == WARM_UP:
            began = time.perf_counter()
        helics.helicsPublicationPublishString(said, f"{step:08d}{text[8:]}")
        helics.helicsFederateRequestTime(federate, float(step + 1))
        for each in heard:
            assert len(helics.helicsInputGetString(each)) == payload_bytes
    if number == 0:
        control.send(ticks / (time.perf_counter() - began))
    helics.helicsFederateDisconnect(federate)
    helics.helicsFederateFree(federate)
    helics.helicsCloseLibrary()
