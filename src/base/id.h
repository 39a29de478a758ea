// Numbers that must not be mixed get types that do not mix.
//
//   using Offset = Id<struct OffsetTag, std::int64_t>;
#pragma once
#include <compare>
#include <cstddef>
#include <functional>

namespace levada {

template <class Tag, class Rep>
class Id {
 public:
  using rep = Rep;
  constexpr Id() = default;
  constexpr explicit Id(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }

  constexpr auto operator<=>(const Id&) const = default;
  constexpr Id& operator++() {
    ++value_;
    return *this;
  }
  constexpr Id operator+(Rep n) const { return Id(static_cast<Rep>(value_ + n)); }
  constexpr Id operator-(Rep n) const { return Id(static_cast<Rep>(value_ - n)); }
  constexpr Rep operator-(Id other) const { return static_cast<Rep>(value_ - other.value_); }  // a distance

 private:
  Rep value_ = 0;
};

}  // namespace levada

template <class Tag, class Rep>
struct std::hash<levada::Id<Tag, Rep>> {
  std::size_t operator()(levada::Id<Tag, Rep> id) const { return std::hash<Rep>()(id.value()); }
};
