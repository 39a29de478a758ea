// What we believe of our own code. LV_ASSERT stays on in release; LV_DEBUG_ASSERT is for hot loops. Neither is ever
// used on what a user, a file or a server gave us: that is an Error (base/error.h).
#pragma once

namespace levada {

// Prints the condition, where it stands and the call stack to stderr, then aborts.
[[noreturn, gnu::cold]] void assertion_failed(const char* condition, const char* file, int line, const char* function);

}  // namespace levada

#define LV_ASSERT(...) \
  (static_cast<bool>(__VA_ARGS__) ? void(0) : ::levada::assertion_failed(#__VA_ARGS__, __FILE__, __LINE__, __func__))

#define LV_UNREACHABLE() ::levada::assertion_failed("unreachable", __FILE__, __LINE__, __func__)

#ifdef NDEBUG
#define LV_DEBUG_ASSERT(...) void(0)
#else
#define LV_DEBUG_ASSERT(...) LV_ASSERT(__VA_ARGS__)
#endif
