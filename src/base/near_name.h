// "Did you mean …?": the nearest of the names in scope.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace levada {

// The candidate with the least edit distance (insert, delete, replace, swap of neighbours; letter case aside), if it is
// near enough to be a slip of the hand: at most a third of the letters, or one of few, but never all.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates);

// "Did you mean X?", or an empty string.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace levada
