-- For wrk: posts each report of a pack once, then stops; with "close" as second word a connection serves one post.
-- wrk ... -s post.lua URL -- PACK [close]
local ffi = require("ffi")
ffi.cdef([[struct timespec { long s, ns; }; int clock_gettime(int clock, struct timespec *t);
           int getpid(void); int kill(int pid, int signal);]])
local requests, at, SIGINT, MONOTONIC = {}, 0, 2, 1
local thread

function setup(only)
   thread = only
end

local function now()
   local t = ffi.new("struct timespec")
   ffi.C.clock_gettime(MONOTONIC, t)
   return tonumber(t.s) + tonumber(t.ns) / 1e9
end

function init(words)
   local file = assert(io.open(words[1], "rb"))
   local data = file:read("*a")
   local headers = {["Content-Type"] = "application/tlsrpt+gzip"}
   local from = 1
   file:close()
   if words[2] == "close" then headers["Connection"] = "close" end
   while from + 8 <= #data do
      local a, b, c, d = data:byte(from, from + 3)
      local size = a + b * 256 + c * 65536 + d * 16777216
      requests[#requests + 1] = wrk.format("POST", nil, headers, data:sub(from + 8, from + 7 + size))
      from = from + 8 + size
   end
   data = nil
   collectgarbage()
end

function request()
   at = at + 1
   if at == 2 then began = now() end -- wrk asks for the first to see whether it is a request, and sends it nowhere
   if at > #requests then
      if at == #requests + 1 then
         seconds = now() - began -- global, for done()
         ffi.C.kill(ffi.C.getpid(), SIGINT) -- ends the run as ^C would, a tenth of a second later
      end
      return requests[#requests]
   end
   return requests[at]
end

-- Counted below 400 by wrk itself; the database knows how many were kept.
function done(summary, latency)
   io.write(string.format("%d %d %.6f %.3f %.3f %d\n", summary.requests, summary.errors.status, thread:get("seconds") or summary.duration / 1e6,
                          latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
                          summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
