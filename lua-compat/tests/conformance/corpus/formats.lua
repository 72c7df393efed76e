--! string.format: every conversion with many flags and values.
--@ both whole numbers
for _, directive in ipairs{"%d", "%5d", "%-5d", "%05d", "%+d", "% d", "%.3d", "%8.3d", "%-8.3d", "%+05d", "% 5d", "%.0d", "%i", "%20d", "%99d"} do
  for _, value in ipairs{"0", "1", "-1", "42", "-42", "123456", "2^31", "-2^31", "2^40", "'10'", "3.0"} do E("string.format('" .. directive .. "', " .. value .. ")") end
end
for _, directive in ipairs{"%x", "%X", "%#x", "%#X", "%8x", "%08x", "%-8x", "%.4x", "%o", "%#o", "%c", "%5c", "%-5c"} do
  for _, value in ipairs{"0", "1", "42", "65", "255", "'66'", "90.0"} do E("string.format('" .. directive .. "', " .. value .. ")") end
end
--@ both fractions
for _, directive in ipairs{"%f", "%.0f", "%.1f", "%.3f", "%10.2f", "%-10.2f|", "%010.2f", "%+f", "% f", "%#.0f", "%e", "%.0e", "%.2e", "%E", "%12.3e", "%g", "%.3g", "%.10g", "%.14g", "%.17g", "%#g", "%G", "%+g", "%10g", "%-10g|", "%010g", "%.0g", "%5.1f", "%.20f", "%.15g", "%.99f"} do
  for _, value in ipairs{"0", "1", "-1", "0.5", "-0.5", "1.5", "2.5", "0.1", "1/3", "123456.789", "1e10", "1e15", "1e16", "1e-5", "1e-4", "1e100", "1e-100", "1/0", "-1/0", "2^53", "1e308 * 1.7", "5e-324", "'1.5'", "9.995", "0.15", "99999.5"} do E("string.format('" .. directive .. "', " .. value .. ")") end
end
--@ both strings
for _, directive in ipairs{"%s", "%5s", "%-5s", "%.2s", "%5.1s", "%-5.1s", "%.0s", "%.10s", "%20s", "%-20s|", "%.s", "%99s"} do
  for _, value in ipairs{"'abc'", "''", "'a\\0b'", "12", "1.5", "('x'):rep(150)"} do E("string.format('" .. directive .. "', " .. value .. ")") end
end
E[[
string.format("%s %s", 1, "x"), string.format("%s", "x", "ignored"), string.format("plain"), string.format("%%"), string.format(""), string.format("%5%") == nil
string.format("%s")
string.format("%s %s", 1)
string.format("%d")
string.format("%d", "x")
string.format("%d", {})
string.format("%d", nil)
string.format("%d", "1.5x")
string.format("%f", "x")
string.format("%x", {})
string.format("%c", "x")
string.format("%q")
string.format("%")
string.format("abc%")
string.format("%y", 1)
string.format("%5y", 1)
string.format("%-", 1)
string.format("%.", 1)
string.format("%123d", 1)
string.format("%.123d", 1)
string.format("%--------d", 1)
string.format("%+++++++d", 1)
string.format("%1.1.1d", 1)
string.format("%ld", 1)
string.format("%hd", 1)
string.format("%*d", 1, 1)
string.format("%$d", 1)
string.format("%n", 1)
string.format("%p %s") == nil
string.format()
string.format(nil)
string.format({})
string.format(5), string.format(5.5), string.format(12, 1)
string.format("%s", setmetatable({}, {__tostring = function() return "shown" end})) == "shown"
string.format("a\0b"), string.format("a\0%s", "b"), string.format("%s\0", "x"), string.format("%c%c", 0, 65), string.format("%5c|", 0)
#string.format("%s", ("x"):rep(10000)), #string.format("%99.99f", 1e300), #string.format("%d%s%d", 1, ("y"):rep(1000), 2)
("%s|%5s|%-5s|"):format("a", "b", "c"), ("%3d|%-3d|%03d"):format(1, 2, 3), ("%5.1f|%-8.3e|%g"):format(3.14159, 31415.9, 1e20)
]]
--@ both quoted
E[=[
string.format("%q", "plain"), string.format("%q", 'with "quotes"'), string.format("%q", "back\\slash"), string.format("%q", ""), string.format("%q", "tab\t")
string.format("%q", "line\nbreak"), string.format("%q", "cr\rlf"), string.format("%q", "nul\0end"), string.format("%q", "nul\0001")
string.format("%q", "\1\2\31\127\128\255"), string.format("%q", "\0010"), string.format("%q", "é")
string.format("%s%q%s", "<", "x", ">"), string.format("%q %q", "a", "b")
]=]
--@ 5.4 quoted
E[=[
string.format("%q", 1), string.format("%q", -1), string.format("%q", 1.5), string.format("%q", 0.1), string.format("%q", 1e100), string.format("%q", 2^53), string.format("%q", 1/3)
string.format("%q", math.mininteger), string.format("%q", math.maxinteger), string.format("%q", 1/0), string.format("%q", -1/0), string.format("%q", 0/0), string.format("%q", -0.0)
string.format("%q", nil), string.format("%q", true), string.format("%q", false)
string.format("%q", {})
string.format("%q", print)
string.format("%5q", "x")
string.format("%.3q", "x")
string.format("%-q", "x")
string.format("%q", setmetatable({}, {__tostring = function() return "x" end}))
]=]
--@ 5.1 quoted
E[=[
string.format("%q", 1), string.format("%q", 1.5)
string.format("%q", nil) == ""
string.format("%5q", "x")
]=]
--@ 5.4 what 5.4 has more
E[[
string.format("%s", nil), string.format("%s", true), string.format("%5s|", nil), string.format("%.2s", true)
string.format("%s", {}):gsub("0x%x+", "ADDR")
string.format("%s", setmetatable({}, {__tostring = function() return "shown" end})), string.format("%10s|", setmetatable({}, {__tostring = function() return "shown" end})), string.format("%.2s|", setmetatable({}, {__tostring = function() return "shown" end}))
string.format("%s", setmetatable({}, {__tostring = function() return 1 end}))
string.format("%s", setmetatable({}, {__tostring = function() error("inside", 0) end}))
string.format("%s", setmetatable({}, {__name = "Named"})):gsub("0x%x+", "ADDR")
string.format("%d", 1.5)
string.format("%d", "1.5")
string.format("%d", "1.0"), string.format("%d", "0x10"), string.format("%d", 2^53)
string.format("%d", 2^63)
string.format("%d", 1/0)
string.format("%d", 0/0)
string.format("%x", -1), string.format("%X", math.mininteger), string.format("%o", -1), string.format("%x", math.maxinteger)
string.format("%x", 1.5)
string.format("%c", 1.5)
string.format("%u", 5)
string.format("%i", math.mininteger), string.format("%d", math.maxinteger), string.format("%20d|", math.mininteger)
string.format("%a", 1), string.format("%a", 0.5), string.format("%a", 1/3), string.format("%A", 255.5), string.format("%.3a", 1/3), string.format("%a", 0), string.format("%20a|", 1), string.format("%a", 1/0), string.format("%+a", 1), string.format("%a", -1e-320), string.format("%.0a", 1.5), string.format("%#a", 1)
string.format("%p", nil), string.format("%p", 1), string.format("%p", true), string.format("%10p|", 5)
string.format("%p", {}) == string.format("%p", {})
string.format("%p", {}):match("^0x%x+$") ~= nil, (function() local t = {} return string.format("%p", t) == string.format("%p", t), tostring(t) == "table: " .. string.format("%p", t) end)()
string.format("%.3p", 1)
string.format("%#d", 1)
string.format("%#5d", 1)
string.format("%0s", "x")
string.format("%+s", "x")
string.format("% s", "x")
string.format("%05s", "x")
string.format("%.5c", 65)
string.format("%05c", 65)
string.format("%+x", 65)
string.format("%.100f", 1)
string.format("%100d", 1)
string.format("%0100d", 1)
string.format("%5.100f", 1)
string.format("%10%")
string.format("%s %s", 1, 2, 3)
string.format("%10.5s|", "a\0b")
string.format("%s|%s", "a\0b", "c")
string.format("%.20s", "a\0b")
string.format("%-10d|%+d|% d|%05d|%x", 3, 3, 3, 3, 255)
string.format("%5.2f|%+.3f|%-8.1f|%08.3f", 1.005, 1, 2.25, -3.14159)
string.format("%.14g", 0.1), string.format("%.14g", 3.0), string.format("%.14g", 2^53), string.format("%g", 100000), string.format("%g", 1000000), string.format("%g", 1e-5)
string.format("%f", math.maxinteger), string.format("%.0f", math.mininteger), string.format("%e", 12345)
]]
--@ 5.1 what 5.1 has else
E[[
string.format("%d", 1.9), string.format("%d", -1.9), string.format("%d", "1.9"), string.format("%i", 2.5)
string.format("%u", 5), string.format("%u", 2^32), string.format("%5u|", 7)
string.format("%x", 255.9), string.format("%x", 2^40), string.format("%x", -1), string.format("%o", 2^33)
string.format("%c", 65.5), string.format("%c", 321)
string.format("%d", 2^53), string.format("%d", -2^53), string.format("%d", 2^62)
string.format("%a", 1) == nil
string.format("%#d", 1), string.format("%0s", "x"), string.format("%+s", "x"), string.format("%.5c", 65)
string.format("%05s|", "x")
]]
--@ both nan
E[[
string.format("%f", 0/0):gsub("-", ""), string.format("%g", 0/0):gsub("-", ""), string.format("%5.1f|", -(0/0)):gsub("-", "")
string.format("%f", -0.0 * 1), string.format("%.0f", -0.4), string.format("%g", -0.0 * 1), string.format("%5.0f|", -0.0 * 1)
string.format("%010f", 1/0), string.format("%10f|", -1/0), string.format("%-10f|", 1/0), string.format("%+f", 1/0), string.format("%E", 1/0), string.format("%G", -1/0), string.format("%F", 1) == nil
]]
