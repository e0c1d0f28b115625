-- beat.lua: say where a replica stands, open its window, and answer what it missed.
-- include clock.lua
-- include marks.lua
-- include low.lua
--
-- KEYS[1…7] clock, tags, marks, live, acks, later, away, as in invalidate.lua
-- ARGV[1]  window   ms, of every replica
-- ARGV[2]  margin   ms, until a window is believed to have ended
-- ARGV[3]  marks    the most tags remembered
-- ARGV[4]  channel  the app's bus
-- ARGV[5]  echo     the replica's own channel
-- ARGV[6]  replica  differs for each process
-- ARGV[7]  epoch    of the applied stamp, '' before the first beat
-- ARGV[8]  applied  the stamp up to which it has applied everything
-- ARGV[9]  beat     its number
-- ARGV[10] page     the most tags answered, more than one invalidation names
-- ARGV[11] served   ms for which the replica may serve if it never reaches this Redis again; 0 for its window
--
-- Returns  { epoch, head, up to, floor, doubt, kept, now µs, low-water mark, tag, packed mark, … }: the
--          tags that changed after the applied stamp (all, for another epoch), oldest change first,
--          and the stamp up to which that is complete.
-- Keeps    (a) the window counts from here, with a margin, and the replica's own from before it sent
--          this: when this Redis lets it end it has ended there (G1);
--          (b) the echo follows whatever was published before, so who hears it has missed nothing;
--          (c) a second invalidation, after a hold-off, is made by whoever beats first.
-- Cost     O(log tags + what changed, at most a page + 8 hold-offs). Publishes one line, 'echo beat'.
local LATER_MAX = 8
local keys = { clock = KEYS[1], tags = KEYS[2], marks = KEYS[3], live = KEYS[4], acks = KEYS[5], later = KEYS[6] }
local rules = { window = ARGV[1], margin = ARGV[2] }
local replica, applied, page = ARGV[6], tonumber(ARGV[8]), tonumber(ARGV[10])
local at = clock(keys, rules, applied)
if ARGV[7] ~= at.epoch then
  applied = 0
end

local due = redis.call('ZRANGE', keys.later, '-inf', text(at.now), 'BYSCORE', 'LIMIT', 0, LATER_MAX)
for _, line in ipairs(due) do
  local mode, expire, tags = string.match(line, '^%d+ (%a+) (%d*) (.*)$')
  invalidate(keys, at, tonumber(ARGV[3]), ARGV[4], mode, expire, cjson.decode(tags))
  redis.call('ZREM', keys.later, line)
end

redis.call('ZADD', keys.live, text(windowEnd(rules)), replica)
if ARGV[11] ~= '0' then
  redis.call('ZADD', KEYS[7], text(at.now + tonumber(ARGV[11]) * 1000), replica)
  redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', text(at.now))
end
redis.call('ZADD', keys.acks, 'GT', text(applied), replica)
redis.call('PUBLISH', ARGV[5], 'echo ' .. ARGV[9])

local changed = {}
if applied < at.last then
  changed = redis.call('ZRANGE', keys.tags, '(' .. text(applied), text(at.last),
    'BYSCORE', 'LIMIT', 0, page, 'WITHSCORES')
end
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
local has = redis.call('HMGET', keys.clock, 'floor', 'doubt', 'kept', 'low')
local answer = { at.epoch, text(at.last), text(upTo), has[1], has[2], has[3], text(at.now), low(keys, at, has[4]) }
for i = 1, count do
  answer[#answer + 1] = changed[i * 2 - 1]
  answer[#answer + 1] = redis.call('HGET', keys.marks, changed[i * 2 - 1])
end
return answer
