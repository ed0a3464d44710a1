"""The ground floor: errors, units, materials, named random streams, the physics of flight."""
