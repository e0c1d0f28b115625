-- kinds.lua: requests of one kind, each of another key, for wrk.
--
-- wrk -s bench/load/kinds.lua http://HOST:PORT/v1/apps/APP/deployments/DEPLOYMENT -- KIND KEYS BYTES
--
-- KIND   get, missing, put, lookup (of 16 keys), or mixed: 95 gets and 5 puts of a hundred
-- KEYS   how many keys, which are called KIND0, KIND1, …
-- BYTES  of a body that is put

local LOOKED_UP = 16
local gets, puts, kind, keys = {}, {}, "", 0

function init(args)
  kind, keys = args[1], tonumber(args[2])
  local body = string.rep("x", tonumber(args[3]))
  for i = 0, keys - 1 do
    local path = wrk.path .. "/entries/" .. kind .. i
    gets[i] = wrk.format("GET", path)
    puts[i] = wrk.format("PUT", path, nil, body)
  end
  if kind == "lookup" then
    wrk.headers["Content-Type"] = "application/json"
    for i = 0, keys - 1 do
      local names = {}
      for j = 1, LOOKED_UP do names[j] = string.format('{"key":"lookup%d"}', (i + j) % keys) end
      gets[i] = wrk.format("POST", wrk.path .. "/lookup", nil, '{"entries":[' .. table.concat(names, ",") .. "]}")
    end
  end
end

local asked = 0

-- Each time round begins one key later: so that not always the same are put.
function request()
  asked = asked + 1
  local key = (asked + math.floor(asked / keys)) % keys
  local puts_this = kind == "put" or kind == "mixed" and asked % 20 == 0
  return puts_this and puts[key] or gets[key]
end
