#include "libagent/tasks/recent_quantile.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace libagent {

namespace {

constexpr double bucket_growth = 1.1;
constexpr std::size_t bucket_count = 265;  // The last one holds 24 h.
constexpr double note_growth = 1 + 1.0 / 200;
constexpr double note_weight_max = 1e9;

std::size_t bucket_of(duration length) {
  const auto micros = std::chrono::duration<double, std::micro>{length}.count();
  if (micros <= 1)
    return 0;
  const auto index = static_cast<std::size_t>(std::log(micros) / std::log(bucket_growth));
  return std::min(index, bucket_count - 1);
}

/// The geometric middle, which lies within a factor of sqrt(1.1) of all that the bucket holds.
duration middle_of(std::size_t bucket) {
  const auto micros = std::pow(bucket_growth, static_cast<double>(bucket) + 0.5);
  return std::chrono::duration_cast<duration>(std::chrono::duration<double, std::micro>{micros});
}

}  // namespace

recent_quantile::recent_quantile(double fraction) : fraction_{fraction} {
  LIBAGENT_EXPECTS(fraction > 0 && fraction < 1);
}

void recent_quantile::note(duration length) {
  weights_.resize(bucket_count);
  const auto bucket = bucket_of(length);
  weights_[bucket] += note_weight_;
  total_ += note_weight_;
  if (bucket < at_)
    below_ += note_weight_;
  note_weight_ *= note_growth;
  if (note_weight_ > note_weight_max)
    rescale();
  follow();
}

duration recent_quantile::value() const {
  return weights_.empty() ? duration{} : middle_of(at_);
}

void recent_quantile::follow() {
  const double wanted = fraction_ * total_;
  while (at_ > 0 && below_ >= wanted)
    below_ -= weights_[--at_];
  while (at_ + 1 < bucket_count && below_ + weights_[at_] < wanted)
    below_ += weights_[at_++];
}

void recent_quantile::rescale() {
  for (auto& weight : weights_)
    weight /= note_weight_;
  note_weight_ = 1;
  // Summed anew, which also ends what rounding has left over.
  const auto at = weights_.begin() + static_cast<std::ptrdiff_t>(at_);
  below_ = std::accumulate(weights_.begin(), at, 0.0);
  total_ = std::accumulate(at, weights_.end(), below_);
}

}  // namespace libagent
