#include "libagent/base/nearest_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace libagent {

namespace {

constexpr std::size_t compared_size_max = 64;

constexpr char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_letter(char a, char b) {
  return lowered(a) == lowered(b);
}

// Optimal string alignment: Levenshtein plus swaps of neighbours, with three rows of the table.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  using row = std::array<std::size_t, compared_size_max + 1>;
  row before_last{};
  row last{};
  row current{};
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = same_letter(a[i - 1], b[j - 1]) ? 0 : 1;
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
        current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = current;
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view wanted,
                                             std::span<const std::string_view> known) {
  if (wanted.empty() || wanted.size() > compared_size_max)
    return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  for (const auto name : known) {
    if (name.empty() || name.size() > compared_size_max)
      continue;
    const auto allowed = std::max<std::size_t>(1, std::max(wanted.size(), name.size()) / 3);
    const auto distance = edit_distance(wanted, name);
    if (distance <= allowed && (!best || distance < best_distance)) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view wanted, std::span<const std::string_view> known) {
  const auto near = nearest_name(wanted, known);
  return near ? R"( (did you mean ")" + std::string{*near} + R"("?))" : std::string{};
}

}  // namespace libagent
