-- low.lua: find the stamp that every replica whose window is open has applied. Stands before the
-- scripts that include it.
--
-- low(clock, live, acks, now, channel) forgets the replicas whose windows have ended, and answers
-- the lowest of the others' stamps as text, '0' if there are none. When it has risen it publishes
-- one line, 'ack epoch stamp', so that all who wait learn it at once; on no channel for ''.
local function low(clock, live, acks, now, channel)
  local ended = redis.call('ZRANGE', live, '-inf', now, 'BYSCORE')
  for _, replica in ipairs(ended) do
    redis.call('ZREM', acks, replica)
    redis.call('ZREM', live, replica)
  end
  local lowest = redis.call('ZRANGE', acks, '-inf', '(+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2] or '0'
  local known = redis.call('HMGET', clock, 'low', 'epoch')
  if tonumber(lowest) > tonumber(known[1] or '0') then
    redis.call('HSET', clock, 'low', lowest)
    if channel ~= '' then
      redis.call('PUBLISH', channel, 'ack ' .. known[2] .. ' ' .. lowest)
    end
  end
  return lowest
end
