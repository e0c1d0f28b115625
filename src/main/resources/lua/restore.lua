-- restore.lua: give marks back to an epoch in doubt, by a replica that knows the whole history before it.
-- include clock.lua
-- include marks.lua
--
-- KEYS[1…6] clock, tags, marks, live, acks, later, as in invalidate.lua
-- ARGV[1]  window   ms, of every replica
-- ARGV[2]  margin   ms, until a window is believed to have ended
-- ARGV[3]  marks    the most tags remembered
-- ARGV[4]  channel  the app's bus
-- ARGV[5]  epoch    that is in doubt
-- ARGV[6]  floor    below which the replica may have forgotten marks itself
-- ARGV[7]  whole    1 if this is the last page, so that the history is whole again, else 0
-- ARGV[8…] tag, packed mark, …: at most 512 tags
--
-- Returns  1 if there is no doubt any more, or the epoch is another; 0 if more is to be given back.
-- Keeps    (a) marks only grow, and what was given back is a change like any other: every replica
--          hears it or is told of it by its beat;
--          (b) the doubt ends with the last page and not before.
-- Cost     O(tags). Publishes one line, as invalidate.lua does.
local keys = { clock = KEYS[1], tags = KEYS[2], marks = KEYS[3], live = KEYS[4], acks = KEYS[5], later = KEYS[6] }
local at = clock(keys, { window = ARGV[1], margin = ARGV[2] }, 0)
local has = redis.call('HMGET', keys.clock, 'floor', 'doubt')
if at.epoch ~= ARGV[5] or has[2] == '0' then
  return 1
end
local tags, given = {}, {}
for i = 8, #ARGV, 2 do
  tags[#tags + 1] = ARGV[i]
  given[#given + 1] = ARGV[i + 1]
end
redis.call('HSET', keys.clock, 'floor', text(math.max(tonumber(has[1]), tonumber(ARGV[6]))))
if #tags > 0 then
  local marks = packedMarks(keys, tags)
  for i = 1, #tags do
    marks[i] = merged(marks[i], given[i])
  end
  change(keys, at, tonumber(ARGV[3]), ARGV[4], tags, marks)
end
if ARGV[7] == '1' then
  redis.call('HSET', keys.clock, 'doubt', '0')
  return 1
end
return 0
