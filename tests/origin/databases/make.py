#!/usr/bin/env python3
"""Makes the databases beside it, in MaxMind's format, from nothing but what stands here.

    python3 -m venv venv && venv/bin/pip install mmdb_writer==0.2.7
    venv/bin/python tests/origin/databases/make.py

Networks are those that RFC 5737 and RFC 3849 keep for documentation and tests; what is said
of them is made up. The files are the output of mmdb_writer, which has nothing to do with the reader that
the server uses.
"""

import pathlib

from mmdb_writer import (
    MMDBWriter,
    MmdbF32,
    MmdbF64,
    MmdbI32,
    MmdbU16,
    MmdbU32,
    MmdbU64,
    MmdbU128,
)
from netaddr import IPSet

FOLDER = pathlib.Path(__file__).parent


def place(country, name, continent, city, union, **more):
    return {
        "country": {
            "iso_code": country,
            "is_in_european_union": union,
            "names": {"en": name, "de": "in another language"},
        },
        "continent": {"code": continent, "names": {"en": "not read"}},
        "city": {"names": {"en": city}},
        **more,
    }


BERLIN = place(
    "DE",
    "Germany",
    "EU",
    "Berlin",
    True,
    registered_country={"iso_code": "NL"},
    subdivisions=[{"iso_code": "BE"}, {"iso_code": "XX"}],
    postal={"code": "10115"},
    location={
        "latitude": 52.5,
        "longitude": 13.4,
        "accuracy_radius": MmdbU16(20),
        "time_zone": "Europe/Berlin",
    },
)
BOSTON = place("US", "United States", "NA", "Boston", False)


def write(name, kind, networks, version=6):
    writer = MMDBWriter(
        version,
        kind,
        languages=["en", "de"],
        ipv4_compatible=version == 6,
        description="Made up for tests",
        int_type="u32",
        float_type="f64",
    )
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(FOLDER / name))


write(
    "city.mmdb",
    "Test-City",
    {"192.0.2.0/24": BERLIN, "198.51.100.0/24": BOSTON, "2001:db8:1::/48": BERLIN},
)
# The same, after Berlin's addresses have been given to Boston.
write("city-moved.mmdb", "Test-City", {"192.0.2.0/24": BOSTON})
write(
    "asn.mmdb",
    "Test-ASN",
    {
        "192.0.2.0/25": {
            "autonomous_system_number": 64496,
            "autonomous_system_organization": "Example Networks",
        },
        "203.0.113.0/24": {
            "autonomous_system_number": 4200000001,
            "autonomous_system_organization": "Another Example",
        },
    },
    version=4,
)
# Records that are not what the reader expects: a text where a map should be.
write("strange.mmdb", "Test-Strange", {"192.0.2.0/24": {"country": "Germany"}})


# Numbers of other types than MaxMind's, and in 198.51.100.0/24 what is no such number.
def system(number):
    return {"autonomous_system_number": number}


def within(**location):
    # Nobody reads the confidence, whatever it is.
    return {"location": location, "city": {"confidence": MmdbU64(90), "names": {"en": "X"}}}


write(
    "types.mmdb",
    "Test-Types",
    {
        "192.0.2.0": system(MmdbU16(64496)),
        "192.0.2.1": system(MmdbU64(4200000001)),
        "192.0.2.2": system(MmdbU128(4200000001)),
        "192.0.2.3": system(MmdbI32(64496)),
        "192.0.2.4": system(MmdbF64(64496.0)),
        "192.0.2.5": system("4200000001"),
        "192.0.2.6": {"traits": system("64496"), **system("")},
        "192.0.2.16": within(
            latitude=MmdbF32(52.5), longitude=MmdbF32(13.4), accuracy_radius=MmdbU64(20)
        ),
        "192.0.2.17": within(
            latitude=MmdbI32(-52), longitude=MmdbU16(13), accuracy_radius=MmdbU32(65535)
        ),
        "192.0.2.18": within(latitude="52.5", longitude="-13.4", accuracy_radius="20"),
        "192.0.2.19": {"country": {"is_in_european_union": MmdbU16(1)}},
        "198.51.100.0": system("AS64496"),
        "198.51.100.1": system(MmdbU64(4294967296)),
        "198.51.100.2": system(MmdbI32(-1)),
        "198.51.100.3": system(MmdbF64(64496.5)),
        "198.51.100.4": system(True),
        "198.51.100.5": system({"number": MmdbU32(64496)}),
        "198.51.100.6": system([MmdbU32(64496)]),
        "198.51.100.16": within(accuracy_radius=MmdbU32(65536)),
        "198.51.100.17": within(latitude="north"),
        "198.51.100.18": within(latitude=MmdbF64(float("nan"))),
        "198.51.100.19": {"country": {"is_in_european_union": MmdbU16(2)}},
    },
)
