-- Sends requests that were signed beforehand, one after the other. Arguments: their file, and requests per second
-- (0: as many as possible). Each line of the file is a timestamp, a signature and a body.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } kintsugi_time;
  int clock_gettime(int clock, kintsugi_time *time);
]]

local requests, position = {}, 0
local interval, slot = 0, 0
local time = ffi.new("kintsugi_time")

local function now()
  ffi.C.clock_gettime(1, time)
  return tonumber(time.seconds) * 1000 + tonumber(time.nanoseconds) / 1e6
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    local timestamp, signature, body = line:match("^(%S+) (%S+) (.*)$")
    requests[#requests + 1] = wrk.format("POST", nil, {
      ["Content-Type"] = "application/json",
      ["X-Zendesk-Webhook-Signature"] = signature,
      ["X-Zendesk-Webhook-Signature-Timestamp"] = timestamp,
    }, body)
  end
  local rate = tonumber(arguments[2])
  if rate > 0 then
    interval = 1000 / rate
  else
    delay = nil
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

-- Every request has a turn of its own, however many connections there are.
function delay()
  local moment = now()
  slot = math.max(slot + interval, moment)
  return math.floor(slot - moment + 0.5)
end

function done(summary, latency, _)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\nFIGURES {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d, "lost": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, lost))
end
