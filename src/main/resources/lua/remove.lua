-- remove.lua: remove an entry and tell every replica.
--
-- KEYS[1]  entry    hash  as in write.lua
-- ARGV[1]  channel  the app's bus
-- ARGV[2]  name     'deployment digest' of the key
--
-- Returns  1 if there was an entry, else 0.
-- Why      a script: a replica that hears of the removal must not find the entry any more.
-- Cost     O(1). Publishes one line: 'write deployment digest 0'.
local removed = redis.call('UNLINK', KEYS[1])
if removed == 1 then
  redis.call('PUBLISH', ARGV[1], 'write ' .. ARGV[2] .. ' 0')
end
return removed
