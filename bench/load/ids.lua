-- ids.lua: requests of one path, each with another X-Request-Id, as a proxy in front would add it, for wrk.
--
-- wrk -s bench/load/ids.lua http://HOST:PORT/PATH

local asked = 0

function request()
  asked = asked + 1
  wrk.headers["X-Request-Id"] = string.format("%016x", asked)
  return wrk.format()
end
