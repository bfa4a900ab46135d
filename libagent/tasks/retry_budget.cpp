#include "libagent/tasks/retry_budget.hpp"

#include <algorithm>

namespace libagent {

bool retry_budget::try_retry(const std::string& tool) {
  auto& tenths = bucket_to_spend_from(tool);
  if (tenths < tenths_per_retry) {
    ++refused_;
    return false;
  }
  tenths -= tenths_per_retry;
  return true;
}

std::uint32_t& retry_budget::bucket_to_spend_from(const std::string& tool) {
  if (const auto found = tenths_.find(tool); found != tenths_.end())
    return found->second;
  if (tenths_.size() >= tools_max)
    return shared_tenths_;
  return tenths_.emplace(tool, tenths_max).first->second;
}

void retry_budget::on_first_attempt(const std::string& tool) {
  const auto found = tenths_.find(tool);
  if (found == tenths_.end()) {
    shared_tenths_ = std::min(shared_tenths_ + 1, tenths_max);
    return;
  }
  if (++found->second >= tenths_max)
    tenths_.erase(found);
}

}  // namespace libagent
