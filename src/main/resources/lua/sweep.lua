-- sweep.lua: find a deployment that nobody has used for long, and take the right to remove it.
--
-- KEYS[1]  deployments  zset    as in touch.lua
-- KEYS[2]  retiring     string  the token of the replica that removes what is left of one
-- ARGV[1]  token
-- ARGV[2]  ttl          ms, after which the right ends by itself
-- ARGV[3]  after        ms without use
--
-- Returns  the deployment, or '' if there is none, or another replica has the right.
-- Keeps    one replica at a time removes, for each app.
-- Cost     O(log deployments).

-- Takes no memory, so that a full Redis lets the rest pass: see clock.lua.
redis.call('ZREM', KEYS[1], '')
local time = redis.call('TIME')
local long = string.format('%.0f', time[1] * 1000000 + time[2] - tonumber(ARGV[3]) * 1000)
local found = redis.call('ZRANGE', KEYS[1], '-inf', long, 'BYSCORE', 'LIMIT', 0, 1)[1]
local holder = redis.call('GET', KEYS[2])
if not found or (holder and holder ~= ARGV[1]) then
  return ''
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return found
