-- retire.lua: remove some entries of a deployment that nobody uses.
--
-- KEYS[1]  deployments  zset    as in touch.lua
-- KEYS[2]  retiring     string  as in sweep.lua
-- KEYS[3…] entries      hash    as in write.lua, of this deployment
-- ARGV[1]  token
-- ARGV[2]  ttl          ms that the right to remove lasts from now on
-- ARGV[3]  after        ms without use
-- ARGV[4]  deployment
-- ARGV[5]  last         1 if no others are left, so that the deployment is forgotten, else 0
--
-- Returns  { entries, bytes } that were removed; { -1, 0 } if the deployment is in use again, or
--          another replica has the right: nothing changed.
-- Keeps    nothing is removed from a deployment that was said to be in use before this.
-- Cost     O(entries); the memory is freed by another thread of Redis.
local time = redis.call('TIME')
local used = redis.call('ZSCORE', KEYS[1], ARGV[4])
local isOld = used and tonumber(used) <= time[1] * 1000000 + time[2] - tonumber(ARGV[3]) * 1000
if not isOld or redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return { -1, 0 }
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local removed, bytes = 0, 0
for i = 3, #KEYS do
  for _, field in ipairs({ 'h', 'b', 'B' }) do
    local length = redis.pcall('HSTRLEN', KEYS[i], field)
    bytes = bytes + (type(length) == 'number' and length or 0)
  end
  removed = removed + redis.call('UNLINK', KEYS[i])
end
if ARGV[5] == '1' then
  redis.call('ZREM', KEYS[1], ARGV[4])
  redis.call('DEL', KEYS[2])
end
return { removed, bytes }
