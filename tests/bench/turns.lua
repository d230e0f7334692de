-- Turns for wrk, the load tool that is not ours: each connection holds conversations of ten turns.
-- tests/bench/run --wrk calls it with the file of questions.

local questions, thread_number = {}, 0

function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    if line ~= "" and line:sub(1, 1) ~= "#" then
      questions[#questions + 1] = line
    end
  end
  turn = 0
  run = os.time()
end

function request()
  turn = turn + 1
  -- wrk does not say which connection asks; 256 conversations go on at the same time.
  local session = ("bench-wrk-%d-%d-%d-%d"):format(run, number, turn % 256, math.floor(turn / 2560))
  local body = ('{"session_id":"%s","user_message":"%s"}'):format(session, questions[turn % #questions + 1])
  return wrk.format("POST", "/api/v1/chat/message", { ["Content-Type"] = "application/json" }, body)
end
