-- claim.lua: take the refresh lease of a key if nobody holds it, or who holds it computes in vain.
--
-- KEYS[1]  lease  string  the holder's token
-- KEYS[2]  entry  hash    as in write.lua
-- ARGV[1]  token          unique to this claim; its last part may be the stamp that its holder's work is as of, µs
-- ARGV[2]  ttl            ms, after which the lease ends by itself
-- ARGV[3]  ended          the stamp of the newest invalidation that has ended what the claimer found, µs, or 0
-- ARGV[4]  successor      the token if another's place is taken; it tells no stamp
--
-- Returns  { 1 if it was free, 2 if another's place was taken, else 0; ms that the lease lasts yet;
--          the entry's revision or '0' }.
-- Keeps    at most one live token for a key (G3); its place is taken only if it tells a stamp before the
--          end, so that no successor's is. The revision is of the same moment, so who claims knows
--          whether the entry is still the one it found.
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
local asOf = tonumber(string.match(redis.call('GET', KEYS[1]), '%.(%d+)$') or '0')
if asOf > 0 and asOf < tonumber(ARGV[3]) then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[2])
  return { 2, tonumber(ARGV[2]), revision }
end
return { 0, left, revision }
