-- claim.lua: take the refresh lease of a key if nobody holds it.
--
-- KEYS[1]  lease  string  the holder's token
-- KEYS[2]  entry  hash    as in write.lua
-- ARGV[1]  token          unique to this claim
-- ARGV[2]  ttl            ms, after which the lease ends by itself
--
-- Returns  { 1 if it was taken else 0, ms that the lease lasts yet, the entry's revision or '0' }.
-- Keeps    at most one live token for a key (G3). The revision is of the same moment, so who claims
--          knows whether the entry is still the one it found.
-- Cost     O(1).

-- Takes no memory, so that a full Redis lets the rest pass: see clock.lua.
redis.call('HDEL', KEYS[2], '')
local revision = redis.call('HGET', KEYS[2], 'r') or '0'
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return { 1, tonumber(ARGV[2]), revision }
end
local left = redis.call('PTTL', KEYS[1])
if left == -1 then
  -- No lease lasts for ever: somebody else has put this here, and nobody would lead.
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return { 1, tonumber(ARGV[2]), revision }
end
return { 0, left, revision }
