// What was made of a text that comes again and again: a compiled pattern, a time zone. Keeps the last few, each thread
// its own: `thread_local Memo<Pattern> memo;`.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace levada {

template <class T>
class Memo {
 public:
  // The thing made of the text, by make(text) the first time. Good until the next call.
  template <class Make>
  const T& get(std::string_view text, Make make) {
    if (last_ < used_ && entries_[last_].first == text) [[likely]]
      return entries_[last_].second;
    for (std::size_t i = 0; i < used_; ++i)
      if (entries_[i].first == text) return entries_[last_ = i].second;
    last_ = used_ < entries_.size() ? used_++ : (last_ + 1) % entries_.size();
    entries_[last_] = {std::string(text), make(text)};
    return entries_[last_].second;
  }

 private:
  std::array<std::pair<std::string, T>, 16> entries_{};
  std::size_t used_ = 0, last_ = 0;
};

}  // namespace levada
