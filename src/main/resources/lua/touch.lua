-- touch.lua: say that a deployment is in use.
--
-- KEYS[1]  deployments  zset  deployment -> when it was last said to be in use, µs
-- ARGV[1]  deployment
-- ARGV[2]  most         deployments remembered
--
-- Returns  1.
-- Keeps    the time never falls, and there are at most so many: those that were used longest ago are
--          forgotten, and their entries wait for their own end.
-- Cost     O(log deployments).

-- Takes no memory, so that a full Redis lets the rest pass: see clock.lua.
redis.call('ZREM', KEYS[1], '')
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], 'GT', string.format('%.0f', time[1] * 1000000 + time[2]), ARGV[1])
local beyond = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
if beyond > 0 then
  redis.call('ZPOPMIN', KEYS[1], beyond)
end
return 1
