// How far apart the calls are at which a test of crashes lets the power go: one after the other, but for
// ThreadSanitizer, which makes each of them ten times slower and looks for races, not for the right call.
#pragma once
#include <cstdint>

namespace levada {

#ifdef __SANITIZE_THREAD__
inline constexpr std::uint64_t every_call = 11;
#else
inline constexpr std::uint64_t every_call = 1;
#endif

}  // namespace levada
