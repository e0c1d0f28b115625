-- low.lua: find the stamp that every replica whose window is open has applied. Stands before the
-- scripts that include it.
--
-- low(clock, live, acks, now) forgets the replicas whose windows have ended, and answers the lowest
-- of the others' stamps as text, '0' if there are none. When it has risen it publishes one line,
-- 'ack epoch stamp', to the one who waits for it, or on the app's bus if several do (awaits), so that
-- who waits learns it at once, and nobody else is woken.
local function low(clock, live, acks, now)
  local ended = redis.call('ZRANGE', live, '-inf', now, 'BYSCORE')
  for _, replica in ipairs(ended) do
    redis.call('ZREM', acks, replica)
    redis.call('ZREM', live, replica)
  end
  local lowest = redis.call('ZRANGE', acks, '-inf', '(+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2] or '0'
  local known = redis.call('HMGET', clock, 'low', 'epoch', 'told', 'last')
  if tonumber(lowest) > tonumber(known[1] or '0') then
    redis.call('HSET', clock, 'low', lowest)
    if known[3] and known[3] ~= '' then
      redis.call('PUBLISH', known[3], 'ack ' .. known[2] .. ' ' .. lowest)
    end
    if tonumber(lowest) >= tonumber(known[4] or '0') then
      redis.call('HSET', clock, 'told', '')
    end
  end
  return lowest
end

-- Has a channel told when the low-water mark rises, until everything is acknowledged.
local function awaits(clock, channel, bus)
  local told = redis.call('HGET', clock, 'told')
  if not told or told == '' then
    redis.call('HSET', clock, 'told', channel)
  elseif told ~= channel then
    redis.call('HSET', clock, 'told', bus)
  end
end
