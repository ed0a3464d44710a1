"""A good zone file of each format, made up, small enough to be varied one fact at a time, and a way to read it."""

import copy
import json

from fleet.base.errors import InputError
from fleet.city.frame import Frame
from fleet.city.geozones import read_geozones

FRAME = Frame(10.0, 50.0)


def ring(lon=10.0, lat=50.0, side=0.01):
    return [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]


def layer(lower, upper, lower_ref="AGL", upper_ref="AGL", uom="m"):
    return {"lower": lower, "lowerReference": lower_ref, "upper": upper, "upperReference": upper_ref, "uom": uom}


ED318 = {
    "type": "FeatureCollection",
    "metadata": {"validFrom": "2026-01-01T00:00:00Z", "validTo": "2027-01-01T00:00:00+01:00"},
    "features": [
        {
            "type": "Feature",
            "geometry": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "coordinates": [ring()], "layer": layer(0, 50)},
                    {"type": "Polygon", "coordinates": [ring(9.99, 49.99, 0.03)], "layer": layer(50, 150)},
                ],
            },
            "properties": {
                "identifier": "STACK",
                "country": "DEU",
                "type": "REQ_AUTHORIZATION",
                "variant": "COMMON",
                "reason": ["AIR_TRAFFIC", "DAR"],
                "limitedApplicability": [
                    {
                        "startDateTime": "2026-03-01T00:00:00Z",
                        "endDateTime": "2026-04-01T00:00:00Z",
                        "schedule": [
                            {"day": ["SAT", "SUN"], "startTime": "22:00:00Z", "endTime": "04:00:00Z"},
                            {"day": ["ANY"], "startEvent": "BMCT", "endEvent": "EECT"},
                        ],
                    }
                ],
            },
        },
        {
            "type": "Feature",
            "geometry": {
                "type": "Point",
                "coordinates": [10.05, 50.0],
                "extent": {"subType": "Circle", "radius": 800},
                "layer": layer(200, 99999, "AMSL", "AGL", "ft"),
            },
            "properties": {"identifier": "ROUND", "country": "DEU", "type": "PROHIBITED", "variant": "COMMON"},
        },
    ],
}

ED269 = {
    "title": "zones",
    "features": [
        {
            "identifier": "PARK",
            "country": "DEU",
            "name": "A park",
            "type": "COMMON",
            "restriction": "REQ_AUTHORISATION",
            "reason": ["NATURE", "FOREIGN_TERRITORY"],
            "applicability": [
                {
                    "permanent": "NO",
                    "startDateTime": "2026-03-01T00:00:00Z",
                    "endDateTime": None,
                    "schedule": [{"day": ["MON"], "startTime": "08:00Z", "endTime": "23:59Z"}],
                }
            ],
            "geometry": [
                {
                    "uomDimensions": "FT",
                    "lowerLimit": "100",
                    "lowerVerticalReference": "AGL",
                    "upperLimit": 400,
                    "upperVerticalReference": "AGL",
                    "horizontalProjection": {
                        "type": "Polygon",
                        "coordinates": [ring(), ring(10.004, 50.004, 0.002)],
                    },
                },
                {
                    "uomDimensions": "M",
                    "lowerLimit": None,
                    "lowerVerticalReference": "AGL",
                    "upperLimit": None,
                    "upperVerticalReference": "AGL",
                    "horizontalProjection": {"type": "Circle", "center": [10.05, 50.0], "radius": 120},
                },
            ],
        }
    ],
}


def good(document):
    """A fresh copy to spoil."""
    return copy.deepcopy(document)


def put(document, trail, value):
    """A copy with the value at `trail` replaced."""
    spoilt = good(document)
    at = spoilt
    for step in trail[:-1]:
        at = at[step]
    at[trail[-1]] = value
    return spoilt


def write(folder, document):
    path = folder / "zones.json"
    if isinstance(document, bytes):
        path.write_bytes(document)
    else:
        path.write_text(
            document if isinstance(document, str) else json.dumps(document, indent=1), encoding="utf-8"
        )
    return path


def read(folder, document, frame=FRAME, **options):
    """Write `document` (text, bytes, or something for JSON) and read it."""
    return read_geozones(write(folder, document), frame, **options)


def faults(folder, document, frame=FRAME):
    """The faults of a file that must not be read."""
    try:
        read(folder, document, frame)
    except InputError as error:
        return error.faults
    raise AssertionError("the file was accepted")
