-- invalidate.lua: give the next stamp to an invalidation of some tags, and tell every replica.
-- include clock.lua
-- include marks.lua
--
-- KEYS[1]  clock  hash  last stamp · epoch · master_replid · floor · doubt · kept · quiet until · low-water mark
--                · told: the channel of who waits for that, or the app's bus if several do
-- KEYS[2]  tags   zset  tag -> stamp of its latest change; '' -> +inf, the sentinel
-- KEYS[3]  marks  hash  tag -> packed mark; '' -> epoch, the sentinel
-- KEYS[4]  live   zset  replica -> end of its window, µs; '' -> +inf, the sentinel
-- KEYS[5]  acks   zset  replica -> applied stamp; '' -> +inf, the sentinel
-- KEYS[6]  later  zset  'stamp mode expire [tags]' -> when it is to be made, µs
-- KEYS[7]  away   zset  replica -> when it may no longer serve though it does not reach this Redis, µs
-- ARGV[1]  window   ms, of every replica
-- ARGV[2]  margin   ms, until a window is believed to have ended
-- ARGV[3]  marks    the most tags remembered
-- ARGV[4]  channel  the app's bus
-- ARGV[5]  waiter   the replica that waits for all to apply it, '' for none
-- ARGV[6]  mode     'hard', 'soft'
-- ARGV[7]  expire   ms until a soft one ends what it made stale, '' for never
-- ARGV[8]  hold-off ms until the same is done again, '' for not at all
-- ARGV[9…] tags     at most 256
--
-- Returns  { epoch, stamp, now µs, quiet until µs, n, n times: replica, end of its window µs; then each
--          replica whose window has ended and that may serve all the same }
-- Keeps    (a) stamps strictly increase, and the bus tells them in their order (published here);
--          (b) a soft mark never cancels an earlier hard one;
--          (c) a tag that was forgotten is below the floor (G5).
-- Cost     O(tags), however many entries carry them (G8), and what is forgotten, at most 512 a call.
--          Publishes one line: 'invalidate {"epoch":…,"previous":…,"stamp":…,"marks":{…}} waiter'.
local keys = { clock = KEYS[1], tags = KEYS[2], marks = KEYS[3], live = KEYS[4], acks = KEYS[5], later = KEYS[6] }
local at = clock(keys, { window = ARGV[1], margin = ARGV[2] }, 0, redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES'))
local tags = { unpack(ARGV, 9) }
if ARGV[5] ~= '' then
  local own = ARGV[4] .. ':' .. ARGV[5]
  at.waiter = ARGV[5]
  at.told = (at.told == '' or at.told == own) and own or ARGV[4]
end
local stamp = invalidate(keys, at, tonumber(ARGV[3]), ARGV[4], ARGV[6], ARGV[7], tags)
if ARGV[8] ~= '' then
  redis.call('ZADD', keys.later, text(at.now + tonumber(ARGV[8]) * 1000),
    text(stamp) .. ' ' .. ARGV[6] .. ' ' .. ARGV[7] .. ' ' .. cjson.encode(tags))
end

-- Those whose windows have ended come first, and the sentinel last.
local live, from = at.live, 1
while from < #live - 1 and tonumber(live[from + 1]) <= at.now do
  from = from + 2
end
local answer = { at.epoch, text(stamp), text(at.now), at.quiet, (#live - 1 - from) / 2 }
for i = from, #live - 2 do
  answer[i - from + 6] = live[i]
end
-- Beats put a replica into both at once, so that the two have the same order but for who is away.
for _, replica in ipairs(redis.call('ZRANGE', KEYS[7], '(' .. text(at.now), '+inf', 'BYSCORE')) do
  if replica == live[from] then
    from = from + 2
  elseif tonumber(redis.call('ZSCORE', keys.live, replica) or '0') <= at.now then
    answer[#answer + 1] = replica
  end
end
return answer
