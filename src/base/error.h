// Errors of the world and of the user, as values. A function that can fail returns Result<T>; the caller hands it on
// with LV_TRY or answers it. Our own mistakes are assertions (base/assert.h).
//
//   return Error(ErrorKind::not_found, "there is no topic ORDERS").remedy("Did you mean ORDER?");
//   auto topic = LV_TRY(log.topic(name));
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace levada {

// What the caller may do about an error; the command line's exit codes follow from it (cli/commands.h).
enum class ErrorKind : std::uint8_t {
  usage,          // a command line, option or configuration is wrong
  statement,      // a SQL statement is wrong; `where` holds line, column and caret
  unsupported,    // understood, but not built yet
  not_found,      // the thing named does not exist
  unreachable,    // a server does not answer: worth trying again
  permission,     // a password, a grant or a file mode
  data,           // these bytes or this value are not what they should be
  rejected,       // the outside refused this one record for good
  disk_full,      // worth trying again when there is room
  damaged,        // stored bytes are not the ones that were written
  refused,        // going on would be unsafe: second writer, changed query
  position_lost,  // what follows our position at a source is gone, or nobody can know: changes may be missing
  fenced,         // a newer holder of the same name has taken over
  cancelled,      // somebody asked us to stop
  io,             // the operating system failed in a way that is final
};

std::string_view name_of(ErrorKind kind);

// True for what may pass by itself: such an error leads to a retry with back-off, others stop or go to dead letters.
bool worth_retrying(ErrorKind kind);

// One pointer wide, so that success costs nothing. Movable only.
class [[nodiscard]] Error {
 public:
  Error(ErrorKind kind, std::string what);
  Error(Error&&) noexcept = default;
  Error& operator=(Error&&) noexcept = default;

  ErrorKind kind() const { return text_->kind; }
  const std::string& what() const { return text_->what; }      // one line, no full stop
  const std::string& where() const { return text_->where; }    // file, line and column, object; may hold an excerpt
  const std::string& why() const { return text_->why; }        // the cause as the outside told it
  const std::string& remedy() const { return text_->remedy; }  // what to do about it

  Error&& where(std::string text) &&;
  Error&& why(std::string text) &&;
  Error&& remedy(std::string text) &&;
  // Puts a circle around what is known so far: "cannot start sink WAREHOUSE: <what>".
  Error&& within(std::string_view what) &&;

  Error copy() const;
  // All of it, for a reader: "error: what\n  where\n  why: …\n  do: …". Ends without a line feed.
  std::string text() const;
  // All of it on one line, for a log or a header.
  std::string line() const;

  template <class T>
  operator std::expected<T, Error>() && {
    return std::unexpected<Error>(std::move(*this));
  }

 private:
  struct Text {
    ErrorKind kind;
    std::string what, where, why, remedy;
  };
  std::unique_ptr<Text> text_;
};

template <class T>
using Result = std::expected<T, Error>;

// The error of a failed system call: what failed, errno's text as the cause, and the kind that errno means.
Error system_error(std::string what, int error_number);

template <class T>
T take(Result<T>&& result) {
  return *std::move(result);
}
inline void take(Result<void>&&) {}

}  // namespace levada

// The value of a Result, or a return with its error. Each use has a variable name of its own, so that uses may be
// nested.
#define LV_TRY(...) LV_TRY_NAMED(LV_JOIN(lv_result_, __COUNTER__), __VA_ARGS__)
#define LV_TRY_NAMED(name, ...)                                         \
  __extension__({                                                       \
    auto name = (__VA_ARGS__);                                          \
    if (!name) [[unlikely]]                                             \
      return std::unexpected<::levada::Error>(std::move(name).error()); \
    ::levada::take(std::move(name));                                    \
  })
#define LV_JOIN(a, b) LV_JOIN_EXPANDED(a, b)
#define LV_JOIN_EXPANDED(a, b) a##b
