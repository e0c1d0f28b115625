-- mend.lua: remove what stands at a key of Freshet and is not what Freshet keeps there.
--
-- KEYS[1…]  any of Freshet's keys
-- ARGV[1…]  for each of them 'hash', 'zset' or 'string'
--
-- Returns  how many were removed.
-- Keeps    whatever is what it should be. A control key that is gone begins a new epoch: see clock.lua.
-- Cost     O(keys).
local probes = { hash = { 'HGET', '' }, zset = { 'ZSCORE', '' }, string = { 'GET' } }
local removed = 0
for i, key in ipairs(KEYS) do
  local probe = probes[ARGV[i]]
  local found = redis.pcall(probe[1], key, probe[2])
  if type(found) == 'table' and found.err and string.find(found.err, 'WRONGTYPE', 1, true) then
    removed = removed + redis.call('UNLINK', key)
  end
end
return removed
