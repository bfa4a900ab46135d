#include "libagent/session/session_residents.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

void session_residents::add(std::uint64_t session, time_point now) {
  const auto at = idle_.insert(idle_.end(), session);
  const auto [unused, is_new] = sessions_.emplace(session, entry{.used = now, .at = at});
  LIBAGENT_EXPECTS(is_new);
}

void session_residents::remove(std::uint64_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end())
    return;
  if (found->second.turns == 0) {
    idle_.erase(found->second.at);
  } else {
    turns_ -= found->second.turns;
    drop_deadlines(session);
  }
  sessions_.erase(found);
}

void session_residents::begin_turn(std::uint64_t session, time_point deadline) {
  auto& known = sessions_.at(session);
  if (known.turns == 0)
    idle_.erase(known.at);
  ++known.turns;
  ++turns_;
  drop_deadlines(session);
  deadlines_.emplace(deadline, session);
  deadline_of_.insert_or_assign(session, deadline);
}

void session_residents::end_turn(std::uint64_t session, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.turns == 0)
    return;
  auto& known = found->second;
  known.used = now;
  --turns_;
  if (--known.turns == 0) {
    known.at = idle_.insert(idle_.end(), session);
    drop_deadlines(session);
  }
}

bool session_residents::is_busy(std::uint64_t session) const {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && found->second.turns > 0;
}

std::vector<std::uint64_t> session_residents::idle(time_point now, std::size_t count,
                                                   bool all) const {
  std::vector<std::uint64_t> found;
  auto excess = idle_.size() > limits_.resident_max ? idle_.size() - limits_.resident_max : 0;
  for (const auto session : idle_) {
    const bool is_old = now - sessions_.at(session).used >= limits_.passivate_after;
    if (found.size() == count || (!all && !is_old && excess == 0))
      break;
    found.push_back(session);
    excess -= std::min<std::size_t>(excess, 1);
  }
  return found;
}

std::vector<std::uint64_t> session_residents::take_overdue(time_point now) {
  std::vector<std::uint64_t> found;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    found.push_back(deadlines_.begin()->second);
    deadline_of_.erase(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
  }
  return found;
}

void session_residents::drop_deadlines(std::uint64_t session) {
  const auto found = deadline_of_.find(session);
  if (found == deadline_of_.end())
    return;
  deadlines_.erase({found->second, session});
  deadline_of_.erase(found);
}

}  // namespace libagent
