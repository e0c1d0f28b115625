-- clock.lua: read an app's clock, and begin a new epoch where its history cannot be trusted. Stands
-- before the scripts that include it.
--
-- A history is whole if the clock is there, the marks and tags hold their sentinels (the field '' of
-- the marks is the epoch, the member '' of the tags is at +inf), this Redis is the one that began
-- it, and nobody has applied more than was given out. Else marks may be lost. Then a new epoch
-- begins: the floor rises to its first stamp, so that whatever is older is not known to be good; and
-- for one window and a margin nothing may be acknowledged, since replicas may still serve by
-- windows that this Redis knows nothing of.
--
-- clock(keys, window, epoch, applied) takes the KEYS clock, tags, marks, live, acks as a table of
-- those names; the window in ms; and the epoch and applied stamp of who asks, or nil. It answers a
-- table of epoch, last, floor, quiet and now, all µs but the epoch.
local function text(number)
  return string.format('%.0f', number)
end

local function clock(keys, window, epoch, applied)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local info = redis.pcall('INFO', 'replication')
  local master = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or ''
  local has = redis.call('HMGET', keys.clock, 'last', 'epoch', 'master', 'floor', 'quiet')
  local last = tonumber(has[1] or '0')
  local whole = has[1] and has[3] == master
    and redis.call('HGET', keys.marks, '') == has[2]
    and redis.call('ZSCORE', keys.tags, '')
    and not (epoch == has[2] and applied > last)
  if whole then
    return { epoch = has[2], last = last, floor = tonumber(has[4]), quiet = tonumber(has[5]), now = now }
  end
  last = math.max(last + 1, now, applied or 0)
  local begun = {
    epoch = text(last) .. '.' .. string.sub(master, 1, 8),
    last = last,
    floor = last,
    quiet = now + window * 1010 + 50000,
    now = now,
  }
  redis.call('HSET', keys.clock, 'last', text(last), 'epoch', begun.epoch, 'master', master,
    'floor', text(last), 'quiet', text(begun.quiet), 'low', '0')
  redis.call('UNLINK', keys.live, keys.acks, keys.marks, keys.tags)
  redis.call('HSET', keys.marks, '', begun.epoch)
  redis.call('ZADD', keys.tags, '+inf', '')
  return begun
end
