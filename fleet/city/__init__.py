"""Where things are, and how one may fly between them: the map, the airspace, the shortest legal paths.

`shapely`, `pyproj` and `osmium` stay in this room.
"""
