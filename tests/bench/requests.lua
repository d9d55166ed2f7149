-- Sends the requests of a file in turn, each made once: BENCH_METHOD, BENCH_KEY, BENCH_FILE with a path, or a path,
-- a tab and a body, in each line.
local requests, turn = {}, 0
local method = os.getenv("BENCH_METHOD")
local headers = { ["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY") }
if method == "POST" then headers["Content-Type"] = "application/json" end

function init()
  for line in io.lines(os.getenv("BENCH_FILE")) do
    local path, body = line:match("^([^\t]*)\t?(.*)$")
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    "RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
