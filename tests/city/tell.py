"""Messages about zones as the sky tells of them, and as a liar would."""

from msgspec.structs import replace

from fleet.city.model import Zone
from fleet.city.sky import Closure
from fleet.messages.airspace import AirspaceChanged
from fleet.sim.declared import told


def tell(zone: Zone, **lies) -> AirspaceChanged:
    return replace(told(Closure(zone, 0), "closed"), **lies)
