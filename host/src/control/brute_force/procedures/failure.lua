-- KEYS: history of the account, history of the address, repeated passwords, users that failed, failures
--       since one was forgiven, then the hash of each bucket.
-- ARGV: digest of the password ('' when unknown), digest of the user, entries of a history (0: none), its
--       time, passwords that may be repeated (0: none), their time, time of tolerations (0: none), users
--       that are remembered, for how long one failure is forgiven (0: none), then period of each bucket, 0
--       if it does not count.
-- Reply: outcome (0 counted, 1 let off, 2 repeated), by how much buckets were raised, how often the
--        password was tried, different passwords of the account, of the address, failures that the bucket
--        with the most has counted now (0 if none counted).
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local digest, user = ARGV[1], ARGV[2]

local function whole(number) return string.format('%.0f', number) end

local tried, of_account, of_address = 0, 0, 0
local most = tonumber(ARGV[3])
if most > 0 and digest ~= '' then
  local function note(key)
    local times = 1
    if redis.call('HEXISTS', key, digest) == 1 or redis.call('HLEN', key) < most then
      times = redis.call('HINCRBY', key, digest, 1)
    end
    redis.call('PEXPIRE', key, ARGV[4])
    return times, redis.call('HLEN', key)
  end
  tried, of_account = note(KEYS[1])
  local _, all = note(KEYS[2])
  of_address = all
end

local outcome, by = 0, 1
local allowed = tonumber(ARGV[5])
if tonumber(ARGV[9]) > 0 and redis.call('HINCRBY', KEYS[5], 'failures', 1) == 1 then
  redis.call('PEXPIRE', KEYS[5], ARGV[9])
  outcome, by = 1, 0
elseif allowed > 0 and digest ~= '' then
  local window = tonumber(ARGV[6])
  local entries = redis.call('HGETALL', KEYS[3])
  local fresh, mark, let_off = 0, nil, {}
  for i = 1, #entries, 2 do
    local seen = tonumber(string.sub(entries[i + 1], 2))
    if seen + window <= now then
      redis.call('HDEL', KEYS[3], entries[i])
    else
      fresh = fresh + 1
      local first = string.sub(entries[i + 1], 1, 1)
      if entries[i] == digest then mark = first end
      if first == 'n' then let_off[#let_off + 1] = {entries[i], seen} end
    end
  end
  if mark then
    redis.call('HSET', KEYS[3], digest, mark .. whole(now))
    outcome, by = 2, 0
  elseif fresh < allowed then
    redis.call('HSET', KEYS[3], digest, 'n' .. whole(now))
    outcome, by = 1, 0
  else
    by = 1 + #let_off
    for _, entry in ipairs(let_off) do
      redis.call('HSET', KEYS[3], entry[1], 'c' .. whole(entry[2]))
    end
  end
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end

local ttl = tonumber(ARGV[7])
if ttl > 0 then
  redis.call('ZADD', KEYS[4], whole(now), user)
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', whole(now - ttl))
  redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -(tonumber(ARGV[8]) + 1))
  redis.call('PEXPIRE', KEYS[4], ARGV[7])
end

local worst = 0
for i = 1, #KEYS - 5 do
  local period = tonumber(ARGV[9 + i])
  if by > 0 and period > 0 then
    local key = KEYS[5 + i]
    local window = redis.call('HMGET', key, 'until', 'period', 'slot', 'current', 'previous')
    local slot = math.floor(now / period)
    local current, previous = 0, 0
    if tonumber(window[2] or 0) == period then
      local seen = tonumber(window[3] or 0)
      if seen >= slot then
        slot, current, previous = seen, tonumber(window[4] or 0), tonumber(window[5] or 0)
      elseif seen + 1 == slot then
        previous = tonumber(window[4] or 0)
      end
    end
    redis.call('HSET', key, 'period', whole(period), 'slot', whole(slot), 'current',
      whole(current + by), 'previous', whole(previous))
    local left = tonumber(window[1] or 0) - now
    if left < 2 * period then left = 2 * period end
    redis.call('PEXPIRE', key, whole(left))
    local count = math.floor(current + by + previous * (1 - (now % period) / period))
    if count > worst then worst = count end
  end
end
return {outcome, by, tried, of_account, of_address, worst}
