"""The world: bodies, batteries, scales, sensors, autopilots. It decides nothing about the mission."""
