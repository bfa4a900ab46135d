#include "libagent/cache/size_advisor.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace libagent {

namespace {

constexpr std::array<double, 3> advised_sizes{0.75, 1.0, 1.25};
constexpr double advised_step = 0.25;
constexpr double bytes_per_mib = 1ULL << 20U;

std::uint64_t sampled_part(std::uint64_t bytes, double size, std::uint32_t shift) {
  return static_cast<std::uint64_t>(
      std::ldexp(static_cast<double>(bytes) * size, -static_cast<int>(shift)));
}

}  // namespace

size_advisor::size_advisor(std::uint64_t capacity_bytes, size_advisor_options options)
    : options_{options}, capacity_bytes_{capacity_bytes} {
  LIBAGENT_EXPECTS(options_.sample_shift <= 16 && options_.half_life > duration::zero());
  for (std::size_t i = 0; i < ghosts_.size(); ++i) {
    const auto part = sampled_part(capacity_bytes, advised_sizes.at(i), options_.sample_shift);
    ghosts_.at(i) = std::make_unique<ghost>(
        part, [](const entry_index&) { return std::make_unique<lru_policy>(); });
  }
}

void size_advisor::access(const cache_entry_facts& facts, time_point now) {
  // The tables choose buckets by the upper bits of the hash, so the sample goes by the middle.
  const auto mask = (std::uint64_t{1} << options_.sample_shift) - 1;
  if ((facts.key_hash >> 12U & mask) != 0)
    return;
  fade(now);
  samples_ += 1;
  const auto worth = static_cast<double>(worth_of(facts, options_.objective));
  for (std::size_t i = 0; i < ghosts_.size(); ++i) {
    if (ghosts_.at(i)->access(facts))
      worth_.at(i) += worth;
  }
}

void size_advisor::resize(std::uint64_t capacity_bytes) {
  capacity_bytes_ = capacity_bytes;
  for (std::size_t i = 0; i < ghosts_.size(); ++i)
    ghosts_.at(i)->resize(sampled_part(capacity_bytes, advised_sizes.at(i), options_.sample_shift));
}

size_advice size_advisor::advice(time_point now) {
  fade(now);
  const auto step_mib = static_cast<double>(capacity_bytes_) * advised_step / bytes_per_mib;
  if (seconds_ <= 0 || step_mib <= 0)
    return {};
  const auto per_mib = [&](size more, size less) {
    const auto difference = std::max(worth_.at(more) - worth_.at(less), 0.0);
    return std::ldexp(difference, static_cast<int>(options_.sample_shift)) / seconds_ / step_mib;
  };
  return {per_mib(larger, present), per_mib(present, smaller), samples_};
}

std::size_t size_advisor::memory_bytes() const {
  std::size_t sum = 0;
  for (const auto& one : ghosts_)
    sum += one->memory_bytes();
  return sum;
}

void size_advisor::fade(time_point now) {
  if (!std::exchange(has_begun_, true))
    faded_to_ = now;
  const auto elapsed = std::chrono::duration<double>{now - faded_to_};
  if (elapsed.count() <= 0)
    return;
  faded_to_ = now;
  const auto half_life = std::chrono::duration<double>{options_.half_life};
  const auto kept = std::exp2(-elapsed / half_life);
  for (auto& one : worth_)
    one *= kept;
  samples_ *= kept;
  // The time in the window is the integral of the weight over it.
  const auto mean_life = half_life.count() / std::numbers::ln2;
  seconds_ = seconds_ * kept + mean_life * (1 - kept);
}

}  // namespace libagent
