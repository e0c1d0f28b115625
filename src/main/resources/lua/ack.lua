-- ack.lua: say that a replica has applied everything up to a stamp.
-- include low.lua
--
-- KEYS[1]  clock · KEYS[2] live · KEYS[3] acks, as in invalidate.lua
-- ARGV[1]  replica
-- ARGV[2]  epoch    of the stamp
-- ARGV[3]  applied  stamp
--
-- Returns  the low-water mark, or '0' for a stamp of another epoch: nothing changed.
-- Keeps    an acknowledgement never falls, and none counts for another epoch or a closed window.
-- Cost     O(log replicas). Publishes one line, 'ack epoch stamp', when the low-water mark has risen and somebody waits.

-- Takes no memory, so that a full Redis lets the rest pass: see clock.lua.
redis.call('HDEL', KEYS[1], '')
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then
  return '0'
end
redis.call('ZADD', KEYS[3], 'XX', 'GT', ARGV[3], ARGV[1])
local time = redis.call('TIME')
return low(KEYS[1], KEYS[2], KEYS[3], string.format('%.0f', time[1] * 1000000 + time[2]))
