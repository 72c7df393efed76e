--! Patterns: pairs of subject and pattern, each through find, match, gmatch and gsub.
--@ both classes
M{
  {"hello world 123", "%a+"}, {"hello world 123", "%d+"}, {"hello world 123", "%s"}, {"hello, world!", "%p"}, {"Hello World", "%u"}, {"Hello World", "%l+"},
  {"tab\tnl\n", "%c"}, {"abc123", "%w*"}, {"0xDEAD", "%x+"}, {"a b", "%S+"}, {"a1b2", "%D+"}, {"a1b2", "%A"}, {"AbC", "%U+"}, {"AbC", "%L"}, {"a,b", "%P+"}, {"a\0b", "%C+"}, {"a-b", "%W"}, {"fg", "%X"},
  {"\128\255a", "%a"}, {"\128\255a", "%W"}, {"\128\255a", "."}, {"\t\n\v\f\r ", "%s+"}, {"é", "%a"}, {"\127", "%c"}, {"\160", "%s"},
  {"a.b", "%."}, {"a.b", "."}, {"100%", "%%"}, {"[x]", "%[(.-)%]"}, {"f(x)", "%((%w)%)"}, {"a^b$c", "%^b%$"}, {"a-b", "%-"}, {"a*b+c?", "%*.%+.%?"}, {"@#", "%@%#"}, {"a\\b", "\\"},
  {"\0a\0", "%z"}, {"\0a\0", "a%z"}, {"abc", "%b"}, {"yy", "%y"}, {"k5", "%k%5"}, {"g", "%g"}, {"5", "%5"}
}
--@ both sets
M{
  {"hello", "[aeiou]"}, {"hello", "[^aeiou]+"}, {"a-z", "[a%-z]+"}, {"a-z", "[a-]"}, {"a-z", "[-a]+"}, {"b]c", "[]]"}, {"b]c", "[^]]+"}, {"a^b", "[%^]"}, {"a^b", "[x^]"}, {"x5", "[%d]"}, {"x5", "[%a%d]+"},
  {"x_5", "[%w_]+"}, {"x_5", "[^%w_]"}, {"abc", "[a-b]+"}, {"abc", "[c-a]"}, {"abc", "[^a-b]"}, {"a-c", "[a-%d]"}, {"a%c", "[%%]"}, {"aZ", "[A-Za-z]*"}, {"[]", "[%[%]]+"}, {"]", "[]]"}, {"-", "[+-]"}, {"+", "[+--]+"},
  {"a\0b", "[\0]"}, {"a\0b", "[^\0]+"}, {"a\0b", "[%z]"}, {"\200", "[\128-\255]"}, {"a.b", "[.]"}, {"a b", "[%s]"}, {"a b", "[^%s]"}, {"09", "[0-9]+"}, {"x", "[x"}, {"x", "["}, {"x", "[^"}, {"x", "[]"}, {"x", "[^]"}, {"x", "[%"}, {"x", "[%]"}, {"x", "[a-"}, {"x", "[a-%"}, {"a]", "[a]]"}, {"a-", "[%a-]+"}, {"a-z", "[%a-z]+"}
}
--@ both repetitions
M{
  {"aaa", "a*"}, {"aaa", "a+"}, {"aaa", "a-"}, {"aaa", "a?"}, {"aaa", "a-$"}, {"aaab", "a-b"}, {"aaab", "^a-b$"}, {"baaa", "a*"}, {"", "a*"}, {"", "a+"}, {"", "."}, {"", "^$"}, {"", "$"}, {"", ""}, {"abc", ""},
  {"abc", ".*"}, {"abc", ".-"}, {"abc", ".+"}, {"abc", ".?"}, {"abc", "a?b?c?d?"}, {"ac", "ab?c"}, {"abbc", "ab?c"}, {"aab", "a*ab"}, {"aab", "a+ab"}, {"aaab", "a?ab"}, {"<a><b>", "<.->"}, {"<a><b>", "<.*>"}, {"x=1;y=2;", "(%w)=(%w);"}, {"*", "*"}, {"+", "+"}, {"?", "?"}, {"-", "-"}, {"a*", "a**"}, {"aa", "a+*"}, {"a", "a?*"}, {"**", "^*"}, {"a", "(a*"}, {"abab", "(ab)*"}, {"ab*", "(ab)*"}, {"ab+", "(ab)+"}, {"abc", "a.-c"}, {"a\nb", "a.b"}, {"aXbXc", "(.-)X(.*)"}
}
--@ both anchors
M{
  {"abc", "^abc$"}, {"abc", "^b"}, {"abc", "b$"}, {"abc", "c$"}, {"abc", "^"}, {"abc", "$"}, {"abc", "^$"}, {"a^c", "a^c"}, {"a$c", "a$c"}, {"a$", "a$$"}, {"^a", "^^a"}, {"a$", "$$"}, {"$", "^$$"}, {"abc", "(^a)"}, {"abc", "(c$)"}, {"abc", "(c)$"}, {"a\nb", "^b"}, {"a\nb", "a$"}, {"abc", "^(.)"}, {"aaa", "^a"}, {"", "^"}, {"x", "^x*"}, {"xxy", "^x*$"}
}
--@ both captures
M{
  {"key = value", "(%w+)%s*=%s*(%w+)"}, {"abc", "(a)(b)(c)"}, {"abc", "((a)(b))"}, {"abc", "(a(b(c)))"}, {"abc", "()"}, {"abc", "()b()"}, {"abc", "(.)()"}, {"abab", "(ab)%1"}, {"abcabc", "(a)(b)c%1%2"}, {"'x'", "(['\"])(.-)%1"}, {"\"it's\"", "(['\"])(.-)%1"}, {"aa", "(a)%2"}, {"aa", "%1"}, {"aa", "(a%1)"}, {"aa", "%0"}, {"abc", "(a"}, {"abc", "a)"}, {"abc", ")"}, {"abc", "("}, {"abc", "(()"}, {"abc", "(a)(b"}, {"abc", "((a)"}, {"abc", "()()()()"}, {"2024-05-06", "(%d+)-(%d+)-(%d+)"}, {"abc", "(b*)"}, {"abc", "(x*)"}, {"abc", "(b?)(c?)"}, {"abc", "()$"}, {"hello", "(h)(e)(l)(l)(o)"}, {"xyx", "(x)y%1"}, {"xyz", "(x)y%1"}, {"aab", "()%1"}, {"aXa", "(a)X%1%1?"}, {"  x  ", "^%s*(.-)%s*$"}
}
T("32 captures", string.find, ("x"):rep(32), ("(x)"):rep(32))
T("33 captures", string.find, ("x"):rep(33), ("(x)"):rep(33))
T("33 captures not reached", string.find, "y", ("(x)"):rep(33))
T("32 positions", string.match, "x", ("()"):rep(32))
T("gsub with 33", string.gsub, ("x"):rep(33), ("()"):rep(33), "")
--@ both balance and frontier
M{
  {"f(a(b)c)d", "%b()"}, {"f(a(b)c", "%b()"}, {"((x)", "%b()"}, {"{{}}", "%b{}"}, {"xaxbx", "%bxx"}, {"xx", "%bxx"}, {"x", "%bxx"}, {"(", "%b("}, {"(", "%b"}, {"[[]]", "%b[]"}, {"<a<b>>", "(%b<>)"}, {"a(b)c(d)", "%b()"}, {"\0x\1", "%b\0\1"}, {"()", "%b)("},
  {"THE (quick) fox", "%f[%a]%a+"}, {"THE (quick) fox", "%f[%A]"}, {"hello", "%f[%w]"}, {"hello", "%f[^%w]"}, {"hello", "%f[\0]"}, {"hello", "%f[%z]"}, {"a b c", "%f[%S]"}, {"foo.bar", "%f[%a]b"}, {"x", "%f"}, {"x", "%fx"}, {"x", "%f["}, {"x", "%f[a"}, {"[[", "%f[[]"}, {"aba", "%f[a]a%f[^a]"}, {"", "%f[%a]"}, {"", "%f[^%a]"}, {"1a2", "%f[%a]."}, {"x%f", "%%f"}
}
--@ both broken
M{
  {"x", "%"}, {"x", "x%"}, {"x", "[%a"}, {"x", "[a-"}, {"x", "(x"}, {"x", "x)"}, {"x", "%b"}, {"x", "%bx"}, {"x", "%f"}, {"x", "%1"}, {"x", "(x)%2"}, {"x", "(%1)"}, {"x", "%9"}, {"x", "[]"}, {"x", "[^]"}, {"y", "x["}, {"y", "x%"}, {"y", "x(" }, {"y", ".("}, {"y", ".)"}, {"y", ".[" }, {"", "%"}, {"", "["}, {"", "("}, {"", ")"}, {"ab", "a%"}
}
E[[
string.find("x", ("("):rep(33))
string.find("x", ("(x?"):rep(40))
string.gsub("x", "(", "y")
string.gsub("x", "x", "%")
string.match("x", ")", 2)
string.find("abc", "[a", 1, true)
]]
--@ both long subjects
E[[
(("a"):rep(1000)):match(".-b") == nil
(("a"):rep(1000)):match(".-b")
#(("a"):rep(10000)):match("^(.*)$")
(("a"):rep(1000)):find(("a?"):rep(10) .. ("a"):rep(10))
(("a"):rep(10000) .. "b"):find("b")
(("ab"):rep(5000)):gsub("ab", "c") == ("c"):rep(5000)
select(2, (("x "):rep(5000)):gsub("%s+", ""))
(("("):rep(1000) .. (")"):rep(1000)):match("%b()") == ("("):rep(1000) .. (")"):rep(1000)
#(("a"):rep(5000)):match("(.-)$")
(("a"):rep(300000)):match(".-$") == ("a"):rep(300000)
string.find(("a"):rep(20), ("a*"):rep(4) .. "b")
]]
--@ 5.4 pattern too complex
E[[
string.match(("x"):rep(300), ("x?"):rep(300)) == ("x"):rep(300)
select(2, pcall(string.find, ("a"):rep(250), (".?"):rep(250)))
("\0"):find("%g"), ("a b"):gsub("%g", "x"), ("\127\128"):find("%g"), ("ab"):find("%G")
]]
--@ both classes over all bytes
for _, class in ipairs{"%a", "%c", "%d", "%l", "%p", "%s", "%u", "%w", "%x", "%A", "%S", "[%w_]", "[^%p]", "[!-/]", "."} do
  local matching = {}
  for byte = 0, 255 do if string.find(string.char(byte), class) then matching[#matching + 1] = byte end end
  V("class " .. class, table.concat(matching, " "))
end
