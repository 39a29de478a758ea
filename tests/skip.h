// A test that cannot run here says so and why; ./check prints it and counts it. Never pass silently instead.
//
//   if (!std::getenv("LEVADA_POSTGRES_URL")) return skip_test("LEVADA_POSTGRES_URL is not set");
#pragma once
#include <string>

namespace levada {

// Counts the running test case as skipped, unless it fails. Return from the test after it.
void skip_test(std::string reason);

}  // namespace levada
