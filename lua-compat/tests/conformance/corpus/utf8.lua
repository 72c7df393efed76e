--! The utf8 library.
--@ 5.4 utf8.char
E[[
utf8.char(), utf8.char(72, 228, 8364, 128512), utf8.char(0), utf8.char(127, 128), utf8.char(0x7ff, 0x800), utf8.char(0xffff, 0x10000), utf8.char(0x10ffff)
utf8.char(0x110000), utf8.char(0x1fffff, 0x200000), utf8.char(0x3ffffff, 0x4000000), utf8.char(0x7fffffff)
utf8.char(0x80000000)
utf8.char(-1)
utf8.char("65"), utf8.char(65.0)
utf8.char(65.5)
utf8.char("x")
utf8.char(65, nil)
utf8.char(0xd800), utf8.char(0xdfff)
utf8.char({})
]]
--@ 5.4 utf8.codepoint
E[[
utf8.codepoint("héllo", 1, -1)
utf8.codepoint("h"), utf8.codepoint("é"), utf8.codepoint("€uro", 1), utf8.codepoint("\u{10FFFF}")
utf8.codepoint("héllo", 3)
utf8.codepoint("", 1)
utf8.codepoint("", 1, 0)
utf8.codepoint("abc", 4)
utf8.codepoint("abc", 1, 4)
utf8.codepoint("abc", 0)
utf8.codepoint("abc", -1), utf8.codepoint("abc", -3)
utf8.codepoint("abc", -4)
utf8.codepoint("abc", 3, 2)
utf8.codepoint("\xff")
utf8.codepoint("\x80")
utf8.codepoint("\xc3")
utf8.codepoint("\xc0\x80")
utf8.codepoint("\xe0\x80\x80")
utf8.codepoint("\xed\xa0\x80")
utf8.codepoint("\xed\xa0\x80", 1, 1, true)
utf8.codepoint("\u{7FFFFFFF}", 1, 1, true)
utf8.codepoint("\u{7FFFFFFF}")
utf8.codepoint("\u{110000}")
utf8.codepoint("\xf4\x90\x80\x80", 1, 1, true)
utf8.codepoint()
utf8.codepoint({})
utf8.codepoint("x", "y")
utf8.codepoint("x", 1.5)
utf8.codepoint("x", 1, {})
utf8.codepoint("x", math.maxinteger)
]]
--@ 5.4 utf8.len
E[[
utf8.len(""), utf8.len("abc"), utf8.len("héllo"), utf8.len("€"), utf8.len("😀"), utf8.len("a\0b")
utf8.len("abc", 2), utf8.len("abc", 4), utf8.len("abc", -1), utf8.len("abc", 1, 2), utf8.len("abc", 3, 2), utf8.len("abc", 1, -2), utf8.len("", 1), utf8.len("héllo", 1, 2)
utf8.len("abc", 5)
utf8.len("abc", 0)
utf8.len("abc", -4)
utf8.len("abc", 1, 4)
utf8.len("abc", 1, -5)
utf8.len("\xff")
utf8.len("ab\xff")
utf8.len("ab\x80c")
utf8.len("é", 2)
utf8.len("\xed\xa0\x80"), utf8.len("\xed\xa0\x80", 1, -1, true)
utf8.len("\u{7FFFFFFF}"), utf8.len("\u{7FFFFFFF}", 1, -1, true)
utf8.len("\xc3"), utf8.len("\xe2\x82"), utf8.len("\xc0\xaf"), utf8.len("\xf0\x80\x80\x80")
utf8.len()
utf8.len({})
utf8.len("x", "y")
utf8.len("x", 1.5)
utf8.len("x", math.mininteger)
utf8.len(12345)
]]
--@ 5.4 utf8.offset
E[[
utf8.offset("héllo", 1), utf8.offset("héllo", 2), utf8.offset("héllo", 3), utf8.offset("héllo", 5), utf8.offset("héllo", 6), utf8.offset("héllo", 7)
utf8.offset("héllo", -1), utf8.offset("héllo", -4), utf8.offset("héllo", -5), utf8.offset("héllo", -6), utf8.offset("héllo", 0), utf8.offset("héllo", 0, 3), utf8.offset("héllo", 0, 2)
utf8.offset("héllo", 1, 2), utf8.offset("héllo", 2, 2), utf8.offset("héllo", -1, 4), utf8.offset("abc", 1, 4), utf8.offset("abc", 0, 4), utf8.offset("abc", -1, 4), utf8.offset("", 1), utf8.offset("", 0), utf8.offset("", -1), utf8.offset("", 2)
utf8.offset("héllo", 1, 3)
utf8.offset("héllo", -1, 3)
utf8.offset("abc", 1, 5)
utf8.offset("abc", 1, 0)
utf8.offset("abc", 1, -4)
utf8.offset("abc", 1, -1), utf8.offset("abc", 2, -3)
utf8.offset("\x80\x80\x80", 1)
utf8.offset("a\x80", 1), utf8.offset("a\x80", 2), utf8.offset("a\x80b", 2)
utf8.offset()
utf8.offset("x")
utf8.offset("x", "y")
utf8.offset("x", 1, {})
utf8.offset("abc", math.maxinteger), utf8.offset("abc", math.mininteger)
]]
--@ 5.4 utf8.codes
S[[
local r = {} for p, c in utf8.codes("héllo€😀") do r[#r + 1] = p .. ":" .. c end return table.concat(r, " ")

for p, c in utf8.codes("") do error("never") end return "nothing"

local r = {} for p, c in utf8.codes("ab\xff") do r[#r + 1] = c end

for p, c in utf8.codes("\x80") do end

for p, c in utf8.codes("é\x80") do end

for p, c in utf8.codes("\xed\xa0\x80") do end

for p, c in utf8.codes("\xed\xa0\x80", true) do return p, c end

for p, c in utf8.codes("\u{7FFFFFFF}") do end

for p, c in utf8.codes("\u{7FFFFFFF}", true) do return p, c end

utf8.codes()

utf8.codes({})

local f, s, c = utf8.codes("ab") return type(f), s, c, f(s, 0), f(s, 1), f(s, 2)

for p, c in utf8.codes("a\0b") do io.write(p, "=", c, " ") end print()
]]
--@ 5.4 utf8.charpattern
E[[
utf8.charpattern
#utf8.charpattern
("héllo€"):gsub(utf8.charpattern, "."), select(2, ("añb"):gsub(utf8.charpattern, ""))
("é€😀"):match(utf8.charpattern), ("\xff"):match(utf8.charpattern), ("\0"):match(utf8.charpattern)
"\u{48}\u{e9}\u{20ac}\u{1F600}\u{7FFFFFFF}\u{0}"
]]
