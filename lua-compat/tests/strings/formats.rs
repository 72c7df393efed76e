//! `string.format`, `string.pack` and `string.unpack`.

use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect;

use crate::{expect, expect_both, expect_errors};

#[test]
fn formats_numbers_as_c_does() {
    expect_both(&[
        (
            "('%5d|%-5d|%05d|%+d|% d|%.3d|%5.3d'):format(42, 42, 42, 42, 42, 42, 42)",
            "   42|42   |00042|+42| 42|042|  042",
        ),
        (
            "('%x %X %#x %o %#o'):format(255, 255, 255, 8, 8)",
            "ff FF 0xff 10 010",
        ),
        (
            "('%e %.0e %E'):format(12345.678, 15, 0.5)",
            "1.234568e+04 2e+01 5.000000E-01",
        ),
        (
            "('%g %g %g %g'):format(100000, 1000000, 0.0001, 0.00001)",
            "100000 1e+06 0.0001 1e-05",
        ),
        (
            "('%.0f %.0f %.0f %#.0f'):format(0.5, 1.5, 2.5, 1)",
            "0 2 2 1.",
        ),
        (
            "('%08.2f|%-8.1f|%+.1f'):format(-1.25, 1.25, 1.25)",
            "-0001.25|1.2     |+1.2",
        ),
        (
            "('%.17g %.3g'):format(0.1, 1234)",
            "0.10000000000000001 1.23e+03",
        ),
        ("('%5.1f'):format(math.huge)", "  inf"),
        (
            "('%d %s'):format('10', 5), ('%c%c'):format(72, 105)",
            "10 5\tHi",
        ),
        (
            "('[%10s][%-5s][%.2s]'):format('abc', 'abc', 'abc')",
            "[       abc][abc  ][ab]",
        ),
        ("('%5s %%'):format(true)", " true %"),
    ]);
    expect(
        Dialect::Lua54,
        &[
            (
                "('%a %.3a %A'):format(1, 1/3, 0.5)",
                "0x1p+0 0x1.555p-2 0X1P-1",
            ),
            ("('%s %s %d'):format(1, 1.0, 3.0)", "1 1.0 3"),
            ("('%p'):format(1)", "(null)"),
        ],
    );
    expect(
        Dialect::Lua51,
        &[
            ("('%d %d %i'):format(3.7, -3.7, '2.5')", "3 -3 2"),
            ("('%s %s'):format(nil, 1.0)", "nil 1"),
            (
                "('%x %u'):format(-1, -1)",
                "ffffffffffffffff 18446744073709551615",
            ),
            ("('%d'):format(1e300)", "-9223372036854775808"),
        ],
    );
}

#[test]
fn quotes_as_each_dialect_reads_it() {
    expect(
        Dialect::Lua51,
        &[(r#"('%q'):format('a\nb\0c\r"')"#, "\"a\\\nb\\000c\\r\\\"\"")],
    );
    expect(
        Dialect::Lua54,
        &[
            (
                r#"('%q'):format('a\nb\0c\r1"')"#,
                "\"a\\\nb\\0c\\0131\\\"\"",
            ),
            (
                "('%q %q %q'):format(1, 0.5, math.mininteger)",
                "1 0x1p-1 0x8000000000000000",
            ),
            (
                "('%q %q %q'):format(1/0, -1/0, 0/0)",
                "1e9999 -1e9999 (0/0)",
            ),
            ("('%q %q'):format(nil, true)", "nil true"),
        ],
    );
}

#[test]
fn wrong_formats_say_what_is_wrong() {
    expect_errors(
        Dialect::Lua51,
        &[
            ("string.format('%y', 1)", "invalid option '%y' to 'format'"),
            (
                "string.format('%123d', 1)",
                "invalid format (width or precision too long)",
            ),
            (
                "string.format('%------d', 1)",
                "invalid format (repeated flags)",
            ),
            (
                "string.format('%d')",
                "bad argument #2 to 'format' (no value)",
            ),
        ],
    );
    expect_errors(
        Dialect::Lua54,
        &[
            (
                "string.format('%y', 1)",
                "invalid conversion '%y' to 'format'",
            ),
            (
                "string.format('%10.3', 1)",
                "invalid conversion '%10.3' to 'format'",
            ),
            (
                "string.format('%123d', 1)",
                "invalid conversion specification: '%123d'",
            ),
            (
                "string.format('%.3q', 1)",
                "specifier '%q' cannot have modifiers",
            ),
            (
                "string.format('%q', {})",
                "bad argument #2 to 'format' (value has no literal form)",
            ),
            (
                "string.format('%d', 3.5)",
                "bad argument #2 to 'format' (number has no integer representation)",
            ),
            (
                "string.format('%5s', 'a\\0b')",
                "bad argument #2 to 'format' (string contains zeros)",
            ),
            (
                "string.format('%d')",
                "bad argument #2 to 'format' (no value)",
            ),
        ],
    );
}

#[test]
fn format_asks_metamethods() {
    expect_both(&[(
        "('%s|%5s'):format(setmetatable({}, {__tostring = function() return 'T' end}), setmetatable({}, {__tostring = function() return 'U' end}))",
        "T|    U",
    )]);
    expect(
        Dialect::Lua54,
        &[(
            "(('%s'):format(setmetatable({}, {__name = 'Point'})):gsub('0x%x+', 'ADDRESS'))",
            "Point: ADDRESS",
        )],
    );
}

#[test]
fn packs_and_unpacks() {
    expect(
        Dialect::Lua54,
        &[
            (
                "(string.pack('>I2 <i4 z s1', 258, -2, 'ab', 'c'):gsub('.', function(c) return ('%02x'):format(c:byte()) end))",
                "0102feffffff6162000163",
            ),
            (
                "string.unpack('>I2 <i4 z s1', string.pack('>I2 <i4 z s1', 258, -2, 'ab', 'c'))",
                "258\t-2\tab\tc\t12",
            ),
            (
                "string.packsize('!8 b d'), #string.pack('!4 b i8', 1, 2)",
                "16\t12",
            ),
            (
                "string.unpack('d', string.pack('d', 1/3))",
                "0.33333333333333\t9",
            ),
            ("string.unpack('i16', string.pack('i16', -5))", "-5\t17"),
        ],
    );
    expect_errors(
        Dialect::Lua54,
        &[
            (
                "string.pack('b', 128)",
                "bad argument #2 to 'pack' (integer overflow)",
            ),
            (
                "string.pack('i17', 1)",
                "integral size (17) out of limits [1,16]",
            ),
            ("string.pack('q', 1)", "invalid format option 'q'"),
            (
                "string.packsize('s')",
                "bad argument #1 to 'packsize' (variable-length format)",
            ),
            (
                "string.unpack('i4', 'abc')",
                "bad argument #2 to 'unpack' (data string too short)",
            ),
            (
                "string.unpack('I16', ('x'):rep(16))",
                "16-byte integer does not fit into Lua Integer",
            ),
        ],
    );
    expect(Dialect::Lua51, &[("string.pack, utf8", "nil\tnil")]);
}
