-- beat.lua: say where a replica stands, open its window, and answer what it missed.
-- include clock.lua
-- include low.lua
--
-- KEYS[1]  clock · KEYS[2] tags · KEYS[3] marks · KEYS[4] live · KEYS[5] acks, as in invalidate.lua
-- ARGV[1]  window   ms, of every replica
-- ARGV[2]  replica  differs for each process
-- ARGV[3]  epoch    of the applied stamp, '' before the first beat
-- ARGV[4]  applied  the stamp up to which it has applied everything
-- ARGV[5]  page     the most tags answered, more than one invalidation names
-- ARGV[6]  channel  the app's bus
--
-- Returns  { epoch, head, up to, floor, now µs, low-water mark, tag, packed mark, … }: the tags that
--          changed after the applied stamp (all, for another epoch), oldest change first, and the
--          stamp up to which that is complete.
-- Keeps    the window counts from here, with a margin, and the replica's own from before it sent
--          this: when this Redis lets it end it has ended there (G1).
-- Cost     O(log tags + what changed, at most a page).
local keys = { clock = KEYS[1], tags = KEYS[2], marks = KEYS[3], live = KEYS[4], acks = KEYS[5] }
local window, replica, applied, page = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local at = clock(keys, window, ARGV[3], applied)
if ARGV[3] ~= at.epoch then
  applied = 0
end
redis.call('ZADD', keys.live, text(at.now + window * 1010 + 50000), replica)
redis.call('ZADD', keys.acks, 'GT', text(applied), replica)

local changed = redis.call('ZRANGE', keys.tags, '(' .. text(applied), text(at.last),
  'BYSCORE', 'LIMIT', 0, page, 'WITHSCORES')
local upTo = at.last
local count = #changed / 2
if count == page then
  -- The tags of one stamp stay together: those of the last are left for the next page.
  local cut = changed[#changed]
  while count > 0 and changed[count * 2] == cut do
    count = count - 1
  end
  upTo = tonumber(changed[count * 2])
end
local answer = { at.epoch, text(at.last), text(upTo), text(at.floor), text(at.now),
  low(keys.clock, keys.live, keys.acks, text(at.now), ARGV[6]) }
for i = 1, count do
  answer[#answer + 1] = changed[i * 2 - 1]
  answer[#answer + 1] = redis.call('HGET', keys.marks, changed[i * 2 - 1])
end
return answer
