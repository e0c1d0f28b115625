-- clock.lua: read an app's clock, and begin a new epoch where its history cannot be trusted. Stands
-- before the scripts that include it.
--
-- A history is whole if the clock is there, the others hold their sentinels (the field '' of the marks
-- is the epoch, the member '' of the tags, the windows and the acknowledgements is at +inf), this
-- Redis is the one that began it, and nobody has applied more than was given out. Else its newest
-- marks may be lost, or all, or who may serve without them. Then a new epoch begins:
--
--  * Its first stamp is a minute ahead of this Redis's time, and above what survived and what the asker
--    has applied. So no stamp is ever more than a minute ahead of the clock that gave it, and an epoch
--    begins above all that were before it, even those of which nothing is known here, as long as the
--    masters' clocks differ by less than a minute, or by less than the epochs are apart.
--  * It is in doubt: what is older than its first stamp is not known to be good until a replica that
--    knows the whole old history gives its marks back (restore.lua).
--  * For one window and a margin nothing may be acknowledged, since replicas may still serve by
--    windows that this Redis knows nothing of.
--
-- A Redis that is full and may evict nothing (noeviction) refuses a script's first write if it takes
-- memory, and lets a script that has written go on. So this begins with one that takes none: what is
-- in force must not depend on room. write.lua alone, which brings the bodies, is refused.
--
-- clock(keys, rules, applied) takes the KEYS of invalidate.lua as a table of their names; a table of
-- window and margin in ms; and the applied stamp of who asks, or 0. It answers a table of epoch,
-- last, floor, doubt, kept and now: µs, but the epoch; and, as text, quiet and told, as in
-- invalidate.lua. doubt is 0, or the first stamp of an epoch in doubt; kept is the newest stamp that
-- survived into it.
local GAP = 60000000

-- Numbers whose text is known. To format one costs Redis more than most commands do.
local texts = {}

local function text(number)
  local known = texts[number]
  if not known then
    known = string.format('%.0f', number)
    texts[number] = known
  end
  return known
end

-- When a window that opens now has ended for certain, by whichever clock: those of two machines may
-- differ by a hundredth each way.
local function windowEnd(rules, now)
  return now + rules.window * 1021 + rules.margin * 1000
end

local function held(key)
  return redis.call('ZSCORE', key, '')
end

-- The newest stamp that what survived without the clock tells of: of a tag, or of the epoch's beginning.
local function known(keys)
  local newest = redis.call('ZRANGE', keys.tags, '(+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES')
  local epoch = string.match(redis.call('HGET', keys.marks, '') or '', '^%d+') or '0'
  return math.max(tonumber(newest[2] or '0'), tonumber(epoch))
end

-- The id of this Redis's history of replication, '' where that may not be asked.
local function replication(info)
  return type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or ''
end

-- Whether that is this one. To look for what is known costs less than to find out what it is.
local function isOf(info, master)
  if not master or master == '' or type(info) ~= 'string' then
    return master == replication(info)
  end
  return string.find(info, 'master_replid:' .. master, 1, true) ~= nil
end

local function clock(keys, rules, applied)
  redis.call('HDEL', keys.clock, '')
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  texts[now] = time[1] .. string.sub('00000' .. time[2], -6)
  local info = redis.pcall('INFO', 'replication')
  local has = redis.call('HMGET', keys.clock, 'last', 'epoch', 'master', 'floor', 'doubt', 'kept', 'quiet', 'told')
  local last, floor, doubt = tonumber(has[1] or '0'), tonumber(has[4] or '0'), tonumber(has[5] or '0')
  local survived = has[1] and redis.call('HGET', keys.marks, '') == has[2] and held(keys.tags)
  if survived and held(keys.live) and held(keys.acks) and isOf(info, has[3]) and applied <= last then
    texts[last] = has[1]
    return { epoch = has[2], last = last, floor = floor, doubt = doubt, kept = tonumber(has[6]),
      quiet = has[7], told = has[8] or '', now = now }
  end
  local master = replication(info)
  local first = math.max(now + GAP, math.max(last, known(keys), applied) + 1)
  local begun = {
    epoch = text(first) .. '.' .. string.sub(master, 1, 8) .. string.format('%x', now % 16777216),
    last = first,
    floor = math.max(floor, doubt),
    doubt = first,
    kept = survived and last or 0,
    quiet = text(windowEnd(rules, now)),
    told = '',
    now = now,
  }
  redis.call('HSET', keys.clock, 'last', text(first), 'epoch', begun.epoch, 'master', master,
    'floor', text(begun.floor), 'doubt', text(first), 'kept', text(begun.kept),
    'quiet', begun.quiet, 'low', '0', 'told', '')
  redis.call('UNLINK', keys.live, keys.acks)
  if not survived then
    redis.call('UNLINK', keys.marks, keys.tags)
  end
  redis.call('HSET', keys.marks, '', begun.epoch)
  for _, key in ipairs({ keys.tags, keys.live, keys.acks }) do
    redis.call('ZADD', key, '+inf', '')
  end
  return begun
end
