-- release.lua: give a lease back, so that the next follower leads.
--
-- KEYS[1]  lease    string
-- ARGV[1]  token    the holder's
-- ARGV[2]  channel  the app's bus
-- ARGV[3]  name     'deployment digest' of the key
--
-- Returns  1 if the token held the lease, else 0: nothing changed.
-- Keeps    nobody gives back another's lease.
-- Cost     O(1). Publishes one line: 'release deployment digest'.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], 'release ' .. ARGV[3])
return 1
