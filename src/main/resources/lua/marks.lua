-- marks.lua: merge marks, and put them into an app's history. Stands, after clock.lua, before the
-- scripts that include it. A packed mark is 'hard|stamp:deadline,stamp:deadline,…': the stamp of the
-- newest hard invalidation, and the soft ones, oldest first, each with the ms at which it ends what
-- it made stale, or nothing for never.
--
-- At most 512 tags a call, for each command is told all of them at once, and Lua passes 8,000 values.
local SOFTS_MAX = 8

-- A mark that is full: its hard part, the oldest two pairs as they are folded, the others, the newest
-- stamp, and where it ends.
local FULL = '^(%d+|)%d+:(%d*),(%d+:)(%d*)(,%d+:%d*,%d+:%d*,%d+:%d*,%d+:%d*,%d+:%d*,(%d+):%d*)()'

local function unpacked(packed)
  local hard, list = string.match(packed, '^(%d+)|(.*)$')
  local softs = {}
  for stamp, deadline in string.gmatch(list, '(%d+):(%d*)') do
    softs[#softs + 1] = { tonumber(stamp), tonumber(deadline) or math.huge }
  end
  return tonumber(hard), softs
end

-- The union of two packed marks. Beyond the most kept, the oldest soft one folds its deadline into
-- the next, as Mark.java does.
local function merged(one, other)
  local hard, softs = unpacked(one)
  local otherHard, others = unpacked(other)
  for _, soft in ipairs(others) do
    softs[#softs + 1] = soft
  end
  table.sort(softs, function(a, b) return a[1] < b[1] end)
  local kept = {}
  for _, soft in ipairs(softs) do
    local before = kept[#kept]
    if before and before[1] == soft[1] then
      before[2] = math.min(before[2], soft[2])
    else
      kept[#kept + 1] = soft
    end
  end
  while #kept > SOFTS_MAX do
    local oldest = table.remove(kept, 1)
    kept[1][2] = math.min(kept[1][2], oldest[2])
  end
  for i, soft in ipairs(kept) do
    kept[i] = text(soft[1]) .. ':' .. (soft[2] == math.huge and '' or text(soft[2]))
  end
  return text(math.max(hard, otherHard)) .. '|' .. table.concat(kept, ',')
end

-- The same, for a soft invalidation that is newer than all of the mark's, without taking the mark apart.
local function softened(packed, stamp, pair)
  local hard, first, second, fold, rest, last, past = string.match(packed, FULL)
  last = last or string.match(packed, '^.*[|,](%d+):%d*$')
  if not last then
    return packed .. pair
  end
  if tonumber(last) >= stamp or (past and past <= #packed) then
    return merged(packed, '0|' .. pair)
  end
  if not hard then
    return packed .. ',' .. pair
  end
  if fold == '' or (first ~= '' and tonumber(first) < tonumber(fold)) then
    fold = first
  end
  return hard .. second .. fold .. rest .. ',' .. pair
end

local function newest(packed)
  local hard, softs = unpacked(packed)
  return math.max(hard, #softs > 0 and softs[#softs][1] or 0)
end

-- What is kept of each tag, in their order.
local function packedMarks(keys, tags)
  local marks = redis.call('HMGET', keys.marks, unpack(tags))
  for i = 1, #tags do
    marks[i] = marks[i] or '0|'
  end
  return marks
end

-- Forgets the tags beyond the most remembered that changed longest ago, at most 512 of them, and
-- lets the floor rise to the newest of their marks.
local function forget(keys, at, most)
  if at.tags <= most then
    return
  end
  local oldest = redis.call('ZPOPMIN', keys.tags, math.min(at.tags - most, 512))
  local tags = {}
  for i = 1, #oldest, 2 do
    tags[#tags + 1] = oldest[i]
  end
  at.tags = at.tags - #tags
  local floor = tonumber(redis.call('HGET', keys.clock, 'floor') or '0')
  local marks = redis.call('HMGET', keys.marks, unpack(tags))
  for i = 1, #tags do
    floor = math.max(floor, marks[i] and newest(marks[i]) or tonumber(oldest[i * 2]))
  end
  redis.call('HDEL', keys.marks, unpack(tags))
  redis.call('HSET', keys.clock, 'floor', text(floor))
end

-- Gives the next stamp to a change, and tells it on the bus, so that the bus has the order of the
-- stamps. packed is the whole mark of each tag, in their order. at.waiter is the replica that waits
-- for all to apply it, nil for none.
local function change(keys, at, most, channel, tags, packed)
  local previous, stamp = at.last, at.next
  local score = text(stamp)
  local marks, fields, members = { [tags[1]] = packed[1] }, { tags[1], packed[1] }, { score, tags[1] }
  for i = 2, #tags do
    local tag = tags[i]
    marks[tag] = packed[i]
    fields[i * 2 - 1], fields[i * 2] = tag, packed[i]
    members[i * 2 - 1], members[i * 2] = score, tag
  end
  redis.call('HSET', keys.marks, unpack(fields))
  at.tags = at.tags + redis.call('ZADD', keys.tags, unpack(members))
  redis.call('HSET', keys.clock, 'last', score, 'told', at.told)
  at.last, at.next = stamp, stamp + 1
  forget(keys, at, most)
  redis.call('PUBLISH', channel, 'invalidate {"epoch":"' .. at.epoch .. '","previous":"' .. text(previous)
    .. '","stamp":"' .. score .. '","marks":' .. cjson.encode(marks) .. '}' .. (at.waiter and ' ' .. at.waiter or ''))
  return stamp
end

-- Invalidates tags: mode 'hard', or 'soft' with the ms after which it ends what it made stale, ''
-- for never. A soft mark never cancels an earlier hard one.
local function invalidate(keys, at, most, channel, mode, expire, tags)
  local stamp, marks = at.next, {}
  if mode == 'hard' then
    local hard = text(stamp) .. '|'
    for i = 1, #tags do
      marks[i] = hard
    end
  else
    local deadline = expire == '' and '' or text(math.floor(at.now / 1000) + tonumber(expire))
    local soft = text(stamp) .. ':' .. deadline
    marks = packedMarks(keys, tags)
    for i = 1, #tags do
      marks[i] = softened(marks[i], stamp, soft)
    end
  end
  return change(keys, at, most, channel, tags, marks)
end
