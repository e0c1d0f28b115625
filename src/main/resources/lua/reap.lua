-- reap.lua: remove some entries on the node of a cluster that has them; elsewhere retire.lua does.
--
-- KEYS[1…] entries  hash  as in write.lua
--
-- Returns  { entries, bytes } that were removed.
-- Why      a script: what was removed is told with its size.
-- Cost     O(entries); the memory is freed by another thread of Redis.
local removed, bytes = 0, 0
for _, key in ipairs(KEYS) do
  for _, field in ipairs({ 'h', 'b', 'B' }) do
    local length = redis.pcall('HSTRLEN', key, field)
    bytes = bytes + (type(length) == 'number' and length or 0)
  end
  removed = removed + redis.call('UNLINK', key)
end
return { removed, bytes }
