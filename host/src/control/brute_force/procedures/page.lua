-- KEYS: a list. ARGV: entries to leave out, entries to give.
-- Reply: how many there are, then each entry and the milliseconds that are left of it; what ends last first.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
local reply = {redis.call('ZCARD', KEYS[1])}
local entries = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', '-inf', 'WITHSCORES', 'LIMIT', ARGV[1], ARGV[2])
for i = 1, #entries, 2 do
  reply[#reply + 1] = entries[i]
  reply[#reply + 1] = tonumber(entries[i + 1]) - now
end
return reply
