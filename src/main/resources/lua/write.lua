-- write.lua: write an entry, give its lease back, and tell every replica.
--
-- KEYS[1]  entry    hash    h header (JSON) · b body, or B if it is large · r revision · a asOf, µs · g grant, µs · n born, ms
--                        · e epoch of the stamp
-- KEYS[2]  lease    string
-- ARGV[1]  token    the leader's, or '' for a write without a lease
-- ARGV[2]  asOf     stamp of the writer's ticket, µs
-- ARGV[3]  grant    when the ticket was given, µs
-- ARGV[4]  header   JSON
-- ARGV[5]  body     bytes
-- ARGV[6]  age      ms since the computation began
-- ARGV[7]  keep     ms until Redis may forget it
-- ARGV[8]  channel  the app's bus
-- ARGV[9]  name     'deployment digest' of the key
-- ARGV[10] epoch    of the ticket
-- ARGV[11] field    of the body, b or B
--
-- Returns  { 'stored', revision, 1 if there was no entry else 0 },
--          { 'lost' } if the token does not hold the lease, { 'older' } if the stored entry has a
--          newer ticket; with both nothing changed. Redis's error OOM if it is full and may not evict.
-- Keeps    (a) a leader that outstayed its lease never overwrites its successor (G3);
--          (b) an older computation never replaces a newer one (G2); of one asOf the ticket that was
--              given later is newer, and none was given in the future; of two epochs the one that began
--              higher is newer, and its name begins with its first stamp;
--          (c) a key's revisions differ and grow.
-- Cost     O(1) and the body's size. Publishes one line: 'write deployment digest revision'.
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return { 'lost' }
end
local before = redis.call('HMGET', KEYS[1], 'r', 'a', 'g', 'e')
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local asOf, grant = tonumber(ARGV[2]), math.min(tonumber(ARGV[3]), now)
local function began(epoch)
  return tonumber(string.match(epoch, '^(%d+)%.') or '0')
end

local function isNewer(epoch, a, g)
  if epoch ~= ARGV[10] then
    return began(epoch) > began(ARGV[10])
  end
  return a > asOf or (a == asOf and g > grant)
end

if before[1] and isNewer(before[4] or '', tonumber(before[2]), tonumber(before[3])) then
  return { 'older' }
end
local revision = string.format('%.0f', math.max(now, (tonumber(before[1] or '0')) + 1))
local born = string.format('%.0f', math.floor(now / 1000) - tonumber(ARGV[6]))
redis.call('HSET', KEYS[1], 'h', ARGV[4], ARGV[11], ARGV[5], 'r', revision, 'a', ARGV[2], 'g', string.format('%.0f', grant), 'n', born,
  'e', ARGV[10])
if before[1] then
  redis.call('HDEL', KEYS[1], ARGV[11] == 'b' and 'B' or 'b') -- after the HSET: a script that has written is not refused for OOM
end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
if ARGV[1] ~= '' then
  redis.call('DEL', KEYS[2])
end
redis.call('PUBLISH', ARGV[8], 'write ' .. ARGV[9] .. ' ' .. revision)
return { 'stored', revision, before[1] and 0 or 1 }
