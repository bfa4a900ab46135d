#include "libagent/tasks/admission.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

namespace libagent {

namespace {

using namespace std::chrono_literals;

/// Of its time limit a task may plan to use four fifths: estimates are means, runs scatter.
duration plannable(duration timeout) {
  return timeout / 5 * 4;
}

/// "4.2 s" or "30 ms": what a person needs of a duration.
std::string rough_text(duration length) {
  if (length < 100ms)
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(length).count()) + " ms";
  const auto tenths = std::llround(std::chrono::duration<double>{length}.count() * 10);
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

error would_expire(std::string_view target, const admission_load& load, duration wait) {
  const auto ahead =
      load.tasks_ahead == 1 ? "1 task takes" : std::to_string(load.tasks_ahead) + " tasks take";
  const auto itself = load.has_estimate ? "it takes " + rough_text(load.own) + " itself"
                                        : std::string{"what it takes itself is not known"};
  return {errc::overloaded, "admit " + std::string{target} + ": " + ahead + " about " +
                                rough_text(wait) + " before it and " + itself +
                                ", its time limit is " + rough_text(load.timeout)};
}

}  // namespace

expected<void> admit_by_estimate(std::string_view target, const admission_load& load) {
  const auto wait =
      load.backlog_ahead / static_cast<duration::rep>(std::max<std::size_t>(load.capacity, 1));
  const auto own = load.has_estimate ? load.own : duration{};
  const auto wait_max = std::max(plannable(load.timeout) - own, duration{});
  if (wait <= wait_max)
    return {};
  auto refusal = would_expire(target, load, wait);
  refusal.retry_after = std::chrono::ceil<std::chrono::milliseconds>(wait - wait_max);
  return refusal;
}

bool within_share(std::size_t client_queued, std::size_t total_queued, std::size_t queue_max,
                  double alpha) {
  if (total_queued >= queue_max)
    return false;
  return static_cast<double>(client_queued) < alpha * static_cast<double>(queue_max - total_queued);
}

}  // namespace libagent
