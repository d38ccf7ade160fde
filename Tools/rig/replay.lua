-- wrk script: sends the requests of a file once each, in order. One request a line: path, TAB, headers as "Name: value" joined by \1, TAB, body.
-- wrk … -s replay.lua URL -- FILE [MILLISECONDS between two requests of a connection]
local requests, position, pause = {}, 0, nil

function init(arguments)
  for line in io.lines(arguments[1]) do
    local path, head, body = line:match("^(.-)\t(.-)\t(.*)$")
    local headers = {}
    for name, value in head:gmatch("([^\1]-): ([^\1]*)") do headers[name] = value end
    requests[#requests + 1] = wrk.format("POST", path, headers, body)
  end
  pause = tonumber(arguments[2] or "0")
  if pause > 0 then delay = function() return pause end end
end

function request()
  position = position + 1
  -- Out of requests: the last one again, which a provider may do too; prepare more to measure more.
  return requests[position] or requests[#requests]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('RESULT {"requests": %d, "seconds": %.3f, "p50": %.3f, "p99": %.3f, "refused": %d, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
