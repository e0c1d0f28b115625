-- invalidate.lua: give the next stamp to an invalidation of some tags, and tell every replica.
-- include clock.lua
--
-- KEYS[1]  clock  hash  last stamp · epoch · master_replid · floor · quiet until · low-water mark
-- KEYS[2]  tags   zset  tag -> stamp of its latest change; '' -> +inf, the sentinel
-- KEYS[3]  marks  hash  tag -> packed mark 'hard|stamp:deadline,…'; '' -> epoch, the sentinel
-- KEYS[4]  live   zset  replica -> end of its window, µs
-- KEYS[5]  acks   zset  replica -> applied stamp
-- ARGV[1]  window   ms, of every replica
-- ARGV[2]  marks    the most tags remembered
-- ARGV[3]  channel  the app's bus
-- ARGV[4]  mode     'hard', 'soft'
-- ARGV[5]  expire   ms until a soft one ends what it made stale, '' for never
-- ARGV[6…] tags     at most 256
--
-- Returns  { epoch, stamp, now µs, quiet until µs, replica, end of its window µs, … }
-- Keeps    (a) stamps strictly increase, and the bus tells them in their order (published here);
--          (b) a soft mark never cancels an earlier hard one;
--          (c) a tag that was forgotten is below the floor (G5).
-- Cost     O(tags), however many entries carry them (G8), and what is forgotten, at most 512 a call.
--          Publishes one line: 'invalidate {"epoch":…,"previous":…,"stamp":…,"marks":{…}}'.
local SOFTS_MAX = 8
local keys = { clock = KEYS[1], tags = KEYS[2], marks = KEYS[3], live = KEYS[4], acks = KEYS[5] }
local at = clock(keys, tonumber(ARGV[1]))
local stamp = math.max(at.last + 1, at.now)
redis.call('HSET', keys.clock, 'last', text(stamp))

-- The pair joins the others; beyond the most kept, the oldest folds its deadline into the next.
local function softened(packed, deadline)
  local hard, list = string.match(packed or '0|', '^(%d+)|(.*)$')
  local softs = {}
  for s, d in string.gmatch(list, '(%d+):(%d*)') do
    softs[#softs + 1] = { s, d }
  end
  softs[#softs + 1] = { text(stamp), deadline }
  while #softs > SOFTS_MAX do
    local oldest = table.remove(softs, 1)
    if softs[1][2] == '' or (oldest[2] ~= '' and tonumber(oldest[2]) < tonumber(softs[1][2])) then
      softs[1][2] = oldest[2]
    end
  end
  for i, pair in ipairs(softs) do
    softs[i] = pair[1] .. ':' .. pair[2]
  end
  return hard .. '|' .. table.concat(softs, ',')
end

local deadline = ARGV[5] == '' and '' or text(math.floor(at.now / 1000) + tonumber(ARGV[5]))
local marks = {}
for i = 6, #ARGV do
  local tag = ARGV[i]
  local packed = ARGV[4] == 'hard' and text(stamp) .. '|'
    or softened(redis.call('HGET', keys.marks, tag), deadline)
  redis.call('HSET', keys.marks, tag, packed)
  redis.call('ZADD', keys.tags, text(stamp), tag)
  marks[tag] = packed
end

local beyond = redis.call('ZCARD', keys.tags) - 1 - tonumber(ARGV[2])
if beyond > 0 then
  local oldest = redis.call('ZPOPMIN', keys.tags, math.min(beyond, 512))
  for i = 1, #oldest, 2 do
    redis.call('HDEL', keys.marks, oldest[i])
  end
  redis.call('HSET', keys.clock, 'floor', text(math.max(at.floor, tonumber(oldest[#oldest]))))
end

redis.call('PUBLISH', ARGV[3], 'invalidate ' .. cjson.encode({
  epoch = at.epoch,
  previous = text(at.last),
  stamp = text(stamp),
  marks = marks,
}))
local answer = { at.epoch, text(stamp), text(at.now), text(at.quiet) }
local live = redis.call('ZRANGE', keys.live, '(' .. text(at.now), '+inf', 'BYSCORE', 'WITHSCORES')
for _, value in ipairs(live) do
  answer[#answer + 1] = value
end
return answer
