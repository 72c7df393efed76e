-- find, match, gsub, gmatch.
local line = "Nov 22 23:08:21 mail1 imap-login: Login: user=<alice@example.org>, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1, mpid=4711, TLS, session=<abcdef>"
local hits = 0
for i = 1, 20000 do
  if line:find("imap-login", 1, true) then hits = hits + 1 end
  if line:find("rip=(%d+)%.(%d+)%.(%d+)%.(%d+)") then hits = hits + 1 end
  local user, domain = line:match("user=<([^@>]+)@([^>]+)>")
  hits = hits + #user + #domain
  if line:match("^%a+ +%d+ %d+:%d+:%d+") then hits = hits + 1 end
end
for i = 1, 4000 do
  for key, value in line:gmatch("(%w+)=([^,]+)") do hits = hits + #key end
  local text, count = line:gsub("%d", "#")
  hits = hits + count
  text, count = line:gsub("%w+", function(word) if #word > 6 then return word:upper() end end)
  hits = hits + count
  hits = hits + #line:gsub("^%s*(.-)%s*$", "%1")
end
print(hits)
