// How a second process has something done by the engine that holds the log, as there is one writer: it puts a request
// into the folder requests/ of the log's directory and waits for the answer beside it.
//
//   requests/1763750000000-4711.request   {"action":"replay","number":3,"topic":"","value":"…"}
//   requests/1763750000000-4711.answer    {"done":"written by PG"}, or the error: {"kind":3,"what":"…",…}
//
// Each file appears in one step. A request that nobody has answered is taken back.
#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "base/files.h"
#include "levada/levada.h"

namespace levada {

// Refused, if nobody answers in this time.
Result<std::string> ask_running_engine(Files& files, const std::string& directory, const DeadLetterRequest& request,
                                       std::chrono::milliseconds patience);
// What the engine does now and then: answers the requests that are there, the oldest first.
void answer_requests(Files& files, const std::string& directory,
                     const std::function<Result<std::string>(const DeadLetterRequest&)>& answer);

}  // namespace levada
