#include "libagent/nodes/forwarded_runs.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

forwarded_runs::forwarded_runs(std::size_t per_peer_max) : per_peer_max_{per_peer_max} {
  LIBAGENT_EXPECTS(per_peer_max > 0);
}

expected<void> forwarded_runs::add(forwarded_run run) {
  // A node has few peers and each few runs, so counting beats keeping counters right.
  const auto out_there = std::ranges::count_if(
      runs_, [&run](const auto& entry) { return entry.second.peer == run.peer; });
  if (static_cast<std::size_t>(out_there) >= per_peer_max_) {
    return error{errc::overloaded, "forward " + run.target + ": its node runs " +
                                       std::to_string(out_there) +
                                       " tasks for this one, which is the limit"};
  }
  const auto id = run.id;
  if (!runs_.try_emplace(id, std::move(run)).second) {
    return error{errc::already_exists,
                 "forward task " + to_string(id) + ": another node runs it already"};
  }
  return {};
}

const forwarded_run* forwarded_runs::find(const task_id& id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

const forwarded_run* forwarded_runs::find(const run_token& token) const {
  const auto* const run = find(token.id);
  return run != nullptr && run->token() == token ? run : nullptr;
}

std::optional<forwarded_run> forwarded_runs::take(const run_token& token) {
  if (find(token) == nullptr)
    return std::nullopt;
  return std::move(runs_.extract(token.id).mapped());
}

template <class Predicate>
std::vector<forwarded_run> forwarded_runs::take_if(Predicate chosen) {
  std::vector<forwarded_run> taken;
  for (auto entry = runs_.begin(); entry != runs_.end();) {
    if (chosen(entry->second)) {
      taken.push_back(std::move(entry->second));
      entry = runs_.erase(entry);
    } else {
      ++entry;
    }
  }
  return taken;
}

std::vector<forwarded_run> forwarded_runs::take_all_of(peer_number peer) {
  return take_if([peer](const forwarded_run& run) { return run.peer == peer; });
}

std::vector<forwarded_run> forwarded_runs::take_expired(time_point now) {
  return take_if([now](const forwarded_run& run) { return run.deadline <= now; });
}

std::vector<forwarded_run> forwarded_runs::take_all() {
  return take_if([](const forwarded_run&) { return true; });
}

}  // namespace libagent
