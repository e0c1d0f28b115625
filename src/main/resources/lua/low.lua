-- low.lua: find the stamp that every replica whose window is open has said to have applied. Stands,
-- after clock.lua, before the scripts that include it.
--
-- low(keys, at, before) forgets the replicas whose windows have ended, and answers the lowest of the
-- others' stamps as text, '0' if there are none. When it has risen above what it was before, it publishes
-- one line, 'ack epoch stamp', to the one who waits for it, or on the app's bus if several do
-- (invalidate.lua), so that who waits learns it then, and nobody else is woken. Only beats say where a
-- replica stands; what each says to who waits, at once, is between those two.
local function low(keys, at, before)
  local ended = redis.call('ZRANGE', keys.live, '-inf', text(at.now), 'BYSCORE')
  for _, replica in ipairs(ended) do
    redis.call('ZREM', keys.acks, replica)
    redis.call('ZREM', keys.live, replica)
  end
  local lowest = redis.call('ZRANGE', keys.acks, '-inf', '(+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2] or '0'
  if tonumber(lowest) > tonumber(before or '0') then
    redis.call('HSET', keys.clock, 'low', lowest)
    if at.told ~= '' then
      redis.call('PUBLISH', at.told, 'ack ' .. at.epoch .. ' ' .. lowest)
    end
    if tonumber(lowest) >= at.last then
      redis.call('HSET', keys.clock, 'told', '')
    end
  end
  return lowest
end
