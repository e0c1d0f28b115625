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
-- clock(keys, rules, applied, live) takes the KEYS of invalidate.lua as a table of their names; a table
-- of window and margin in ms; the applied stamp of who asks, or 0; and, of who neither reads nor changes
-- the acknowledgements, all that is live, with scores. Then the sentinel of the acknowledgements is left
-- to the next beat: to lose them before such a script or after it comes to the same. It answers a table
-- of epoch; the last stamp, the next and now, in µs; quiet and told, as in invalidate.lua, as text; tags,
-- how many are remembered; and live, the sentinel alone in a new epoch.
local GAP = 60000000

-- The last stamp and the time, and their text: to format a number costs Redis more than most commands do.
local last, lastText, now, nowText

local function text(number)
  return number == now and nowText or number == last and lastText or string.format('%.0f', number)
end

-- When a window that opens now has ended for certain, by whichever clock: those of two machines may
-- differ by a hundredth each way.
local function windowEnd(rules)
  return now + rules.window * 1021 + rules.margin * 1000
end

local function held(key)
  return redis.call('ZSCORE', key, '')
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

-- Begins a new epoch. survived says whether the tags and the marks are there, and the clock's.
local function begin(keys, rules, applied, info, survived)
  -- The newest stamp that what survived without the clock tells of: of a tag, or of the epoch's beginning.
  local newest = redis.call('ZRANGE', keys.tags, '(+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES')[2]
  local epoch = string.match(redis.call('HGET', keys.marks, '') or '', '^%d+')
  local has = redis.call('HMGET', keys.clock, 'last', 'floor', 'doubt')
  local first = math.max(now + GAP, math.max(has[1] or 0, newest or 0, epoch or 0, applied) + 1)
  local begun = {
    epoch = text(first) .. '.' .. string.sub(replication(info), 1, 8) .. string.format('%x', now % 16777216),
    last = first,
    next = first + 1,
    now = now,
    quiet = text(windowEnd(rules)),
    told = '',
    live = { '', 'inf' },
  }
  redis.call('HSET', keys.clock, 'last', text(first), 'epoch', begun.epoch, 'master', replication(info),
    'floor', text(math.max(has[2] or 0, has[3] or 0)), 'doubt', text(first), 'kept', survived and has[1] or '0',
    'quiet', begun.quiet, 'low', '0', 'told', '')
  redis.call('UNLINK', keys.live, keys.acks)
  if not survived then
    redis.call('UNLINK', keys.marks, keys.tags)
  end
  redis.call('HSET', keys.marks, '', begun.epoch)
  for _, key in ipairs({ keys.tags, keys.live, keys.acks }) do
    redis.call('ZADD', key, '+inf', '')
  end
  begun.tags = redis.call('ZCARD', keys.tags) - 1
  return begun
end

local function clock(keys, rules, applied, live)
  redis.call('HDEL', keys.clock, '')
  local time = redis.call('TIME')
  now, nowText = time[1] * 1000000 + time[2], time[1] .. string.sub('00000' .. time[2], -6)
  local info = redis.pcall('INFO', 'replication')
  local has = redis.call('HMGET', keys.clock, 'last', 'epoch', 'master', 'quiet', 'told')
  -- No script adds to the tags without their sentinel, or forgets it: it is there if anything is.
  local tags = redis.call('ZCARD', keys.tags) - 1
  local survived = has[1] and redis.call('HGET', keys.marks, '') == has[2] and tags >= 0
  last, lastText = tonumber(has[1] or '0'), has[1]
  local whole = survived and isOf(info, has[3]) and applied <= last
  if live then
    whole = whole and live[#live - 1] == ''
  else
    whole = whole and held(keys.live) and held(keys.acks)
  end
  if not whole then
    return begin(keys, rules, applied, info, survived)
  end
  return { epoch = has[2], last = last, next = math.max(last + 1, now), now = now, quiet = has[4], told = has[5] or '',
    tags = tags, live = live }
end
