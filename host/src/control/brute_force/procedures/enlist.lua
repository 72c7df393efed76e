-- KEYS: lists. ARGV: how long the entries stay, how many a list holds, then the entry for each list.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ends = string.format('%.0f', now + tonumber(ARGV[1]))
for i = 1, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now))
  local old = redis.call('ZSCORE', KEYS[i], ARGV[i + 2])
  if not old or tonumber(old) < tonumber(ends) then redis.call('ZADD', KEYS[i], ends, ARGV[i + 2]) end
  redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -(tonumber(ARGV[2]) + 1))
  local last = redis.call('ZREVRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  redis.call('PEXPIRE', KEYS[i], string.format('%.0f', tonumber(last[2]) - now))
end
return #KEYS
