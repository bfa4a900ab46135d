#include "libagent/memory/phase_book.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <chrono>

namespace libagent {

void phase_book::enter(std::string_view name, time_point now) {
  const std::lock_guard lock{mutex_};
  pass_time(now);
  if (name.empty()) {
    present_ = no_phase;
    return;
  }
  present_ = find_or_add(utf8_prefix(name, name_bytes_max));
  ++phases_[present_].shown.entered;
}

void phase_book::sample(std::uint64_t used_bytes, time_point now) {
  const std::lock_guard lock{mutex_};
  pass_time(now);
  if (present_ == no_phase)
    return;
  auto& [shown, sum_bytes, time] = phases_[present_];
  ++shown.samples;
  shown.peak_bytes = std::max(shown.peak_bytes, used_bytes);
  sum_bytes += static_cast<double>(used_bytes);
}

std::vector<memory_phase> phase_book::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<memory_phase> all;
  all.reserve(phases_.size());
  for (const auto& [shown, sum_bytes, time] : phases_) {
    all.push_back(shown);
    if (shown.samples > 0) {
      all.back().mean_bytes =
          static_cast<std::uint64_t>(sum_bytes / static_cast<double>(shown.samples));
    }
    all.back().time = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  }
  return all;
}

std::size_t phase_book::find_or_add(std::string_view name) {
  const auto place_of = [this](std::string_view wanted) {
    const auto found = std::ranges::find(
        phases_, wanted, [](const phase& x) -> std::string_view { return x.shown.name; });
    return static_cast<std::size_t>(found - phases_.begin());
  };
  auto place = place_of(name);
  if (place == phases_.size() && phases_.size() + 1 >= phases_max) {
    name = other_phases;
    place = place_of(name);
  }
  if (place == phases_.size())
    phases_.push_back({.shown = {.name = std::string{name}}});
  return place;
}

void phase_book::pass_time(time_point now) {
  if (present_ != no_phase && now > last_)
    phases_[present_].time += now - last_;
  last_ = std::max(last_, now);
}

}  // namespace libagent
