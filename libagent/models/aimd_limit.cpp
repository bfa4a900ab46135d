#include "libagent/models/aimd_limit.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

aimd_limit::aimd_limit(std::uint32_t usual) : usual_{usual}, exact_{static_cast<double>(usual)} {
  LIBAGENT_EXPECTS(usual > 0);
}

void aimd_limit::set_usual(std::uint32_t usual) {
  LIBAGENT_EXPECTS(usual > 0);
  const bool was_cut = is_cut();
  usual_ = usual;
  exact_ = was_cut ? std::min(exact_, static_cast<double>(usual)) : static_cast<double>(usual);
}

std::uint32_t aimd_limit::current() const {
  return static_cast<std::uint32_t>(exact_);
}

void aimd_limit::on_success(time_point now) {
  if (is_cut() && now - rest >= cut_at_)
    exact_ = std::min(exact_ + 1.0 / exact_, static_cast<double>(usual_));
}

void aimd_limit::on_overload(time_point began, time_point now) {
  if (began < cut_at_)
    return;
  exact_ = std::max(exact_ / 2, 1.0);
  cut_at_ = now;
}

}  // namespace libagent
