--! Tokens: strings, numbers, comments, names, line ends.
--@ both strings
C{ [["abc]], [['abc]], "'a\nb'", "'a\\", "'\\", "'\\q'", "'\\400'", "'\\256'", "'\\999'", "'\\x'", "[[abc", "[=[abc]]", "[==", "[=", "[=x", "x = 'a", "x = \"a\nb\"", "x = 'abc\\\ndef'", "'\\300abc'", "--[[ open", "--[==[ open ]=]", "x = [[\n\n", "x = 'unfinished \\", "x = [=[ ]] ]=", "\"\\065\\66\\x\"" }
S[====[
return "a\nb", 'a\tb', "\a\b\f\v\r", "\\", "\"", '\'', "\'", '\"'

return "\065\066\10\0", "\1\12\123", "\0001", "\6512", #"\0\0", "a\
b"

return [[long]], [[
first newline dropped]], [==[ with ]] and ]=] inside]==], [[]], #[[

]]

return "tab	in", 'ü', "\195\188", "a\0b"

return [[a\nb]], [[ "quotes" 'both' ]], #[==[]]]==]

return "a" --[[ comment ]] .. "b" --[==[ other
comment ]==] .. "c" -- to the end

return 1 -- comment
-- more
--[[ block ]] , 2

--[==[
]] ]=]
]==] return "after the comment"

---[[ not a block
return "this runs" --]]

return #"\z" == 1

return "\x41"
]====]
--@ 5.4 strings
C{ "'\\xg'", "'\\x4'", "'\\x4g'", "'\\u'", "'\\u{'", "'\\u{}'", "'\\u{g}'", "'\\u{80000000}'", "'\\u{110000", "'\\u{7fffffff}'", "'\\u41'", "'\\z", "'\\z\n\n  x", "'\\m'", "'abc\\ '", "'a\\300'", "'\\2555'", "x = '\\xZZ' y", "'\\u{123456789}'", "'\\\r\nx'" }
S[====[
return "\x41\x7a\xff", "\u{41}\u{e9}\u{20ac}\u{1f600}", "\z   joined", "a\z
     b", "\u{7FFFFFFF}", "\u{0}"

return '\z  \x41\z
 \
x'

return "a\z", "\z"
]====]
--@ 5.1 strings
E[[
"\q", "\x41", "\u{41}", "\z x", "\%", "\/"
]]
--@ both line ends
V("line ends", (loadstring or load)("return 'a\\\r\nb', 'a\\\n\rb', 'a\\\rb', [[\r\nx\r\ny\n\rz\rw]]")())
V("lines in messages", (loadstring or load)("\r\n\r\n x = = 1", "=x"))
V("lines in messages with other ends", (loadstring or load)("\n\r\n\r x = = 1", "=x"))
V("lines in messages with old ends", (loadstring or load)("\r\r x = = 1", "=x"))
V("lines after a long string", (loadstring or load)("local a = [[\n\n\n]] x = = 1", "=x"))
V("lines after a long comment", (loadstring or load)("--[[\n\n\n]] x = = 1", "=x"))
V("lines after an escaped end", (loadstring or load)("local a = 'x\\\ny' x = = 1", "=x"))
V("vertical tabs and form feeds", (loadstring or load)("return\v1\f,\t2 ")())
V("no end of line", (loadstring or load)("return 1 -- no end")())
V("carriage return in a string", (loadstring or load)("return 'a\rb'", "=x"))
--@ both numbers
C{ "x = 1e", "x = 1e+", "x = 0x", "x = 0xg", "x = 1..2", "x = 1...2", "x = 1.2.3", "x = 3x", "x = 3_000", "x = 0b1", "x = 1e5e", "x = 08", "x = .5.5", "x = 1a", "x = 0x1g", "x = 1 .. 2", "x = .", "x = 1e+-1", "x = 0xep1", "x = 12abc", "x = 1.e", "x = 5 5" }
--@ 5.4 labels
C{ "a::b", "::a::b", "a: :b", ":::" }
--@ 5.4 numbers
C{ "x = 0x.p1", "x = 0x1p", "x = 0x1pz", "x = 0x1p+", "x = 0x.1", "x = 0x1.8p3", "x = 1//2", "x = 1~2", "x = 1<<2", "x = 1 ! 2" }
--@ both symbols
C{ "x = 1 @ 2", "x = $", "x = `", "x = !", "x ! y", "x = 1 ? 2", "\\", "x = #", "x ~ y", "x ~= y", "x = ~", "x == 1", "x =! 1", "x += 1", "x++", "\1", "x = \127", "x = é", "é = 1", "\255", "x = \0", "a.1", "a..b", "a...b", "...", ":", "a:b", "=", "==", "<", "(", ")", "]", "}", ";", "[", "{", ",", "x\0y" }
--@ both names
E[[
_ == nil, _a1 == nil, A == nil, a_b == nil, aVeryLongNameWithDigits123 == nil
]]
C{ "local and = 1", "local end = 1", "x.and = 1", "x = {and = 1}", "function if() end", "local function while() end", "local self = 1", "for true = 1, 2 do end", "nil = 1", "true = 1", "x.nil = 1", "x:end()", "local _ENV = 1", "local 5 = 1", "local 'a' = 1" }
--@ 5.4 goto as a name
C{ "goto = 1", "x.goto = 1", "local goto = 1", "goto()", "x:goto()", "function goto() end", "return goto", "x = {goto = 1}" }
--@ 5.1 goto as a name
C{ "goto = 1", "x.goto = 1", "local goto = 1", "goto()", "x:goto()", "function goto() end", "return goto", "x = {goto = 1}", "goto.x = 1", "goto[1] = 2", "x = goto + 1" }
--@ both first line
V("hash on line 1 of loaded text", (loadstring or load)("#!shebang\nreturn 1", "=x"))
V("byte order mark", (loadstring or load)("\239\187\191return 1", "=x"))
