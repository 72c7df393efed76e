-- KEYS: users that succeeded, users that failed, then the hash of each bucket.
-- ARGV: time of tolerations (0: none), percent, least, most and scale ('' when the percentage is fixed),
--       then period, limit and time of ban of each bucket.
-- Reply: state, bucket (from 0), failures, milliseconds that are left of the ban.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ttl = tonumber(ARGV[1])
local buckets = #KEYS - 2

local function failures(window, period)
  if tonumber(window[2] or 0) ~= period then return 0 end
  local slot = math.floor(now / period)
  local seen = tonumber(window[3] or 0)
  local current, previous = tonumber(window[4] or 0), tonumber(window[5] or 0)
  if seen < slot then
    if seen + 1 ~= slot then return 0 end
    current, previous = 0, current
  end
  return current + previous * (1 - (now % period) / period)
end

local windows = {}
for i = 1, buckets do
  windows[i] = redis.call('HMGET', KEYS[i + 2], 'until', 'period', 'slot', 'current', 'previous')
end
for i = 1, buckets do
  local ends = tonumber(windows[i][1] or 0)
  if ends > now then
    local count = failures(windows[i], tonumber(ARGV[6 + (i - 1) * 3]))
    return {1, i - 1, math.floor(count), ends - now}
  end
end

local positive, negative, percent
for i = 1, buckets do
  local at = 6 + (i - 1) * 3
  local period, limit, ban = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local count = failures(windows[i], period)
  if count > limit - 1 then
    if positive == nil then
      positive, negative, percent = 0, 0, 0
      if ttl > 0 then
        local oldest = string.format('(%.0f', now - ttl)
        positive = redis.call('ZCOUNT', KEYS[1], oldest, '+inf')
        negative = redis.call('ZCOUNT', KEYS[2], oldest, '+inf')
        percent = tonumber(ARGV[2])
        if ARGV[5] ~= '' then
          local least, most = tonumber(ARGV[3]), tonumber(ARGV[4])
          local share = math.log(positive + 1) / math.log(100) * tonumber(ARGV[5])
          percent = least + (most - least) * math.min(1, share)
        end
      end
    end
    local raised = limit
    if positive > negative then raised = limit * (1 + percent / 100) end
    if count > raised - 1 then
      if positive > 0 and negative <= math.floor(percent * positive / 100) then
        return {3, i - 1, math.floor(count), 0}
      end
      redis.call('HSET', KEYS[i + 2], 'until', string.format('%.0f', now + ban))
      if redis.call('PTTL', KEYS[i + 2]) < ban then redis.call('PEXPIRE', KEYS[i + 2], ban) end
      return {2, i - 1, math.floor(count), ban}
    end
  end
end
return {0, 0, 0, 0}
