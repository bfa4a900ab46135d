#pragma once

#include "libagent/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace libagent {

struct resident_limits {
  std::size_t resident_max = 10'000;  ///< Idle sessions in memory; more are left to the store.
  std::size_t turns_max = 10'000;     ///< Under way at a time; more are refused.
  std::chrono::milliseconds passivate_after{300'000};  ///< Of not being used.
};

/// Which sessions are in memory, which of them are busy and until when, and which can go.
/// Thread safety: none.
class session_residents {
public:
  explicit session_residents(resident_limits limits) : limits_{limits} {}

  /// A session is in memory from now on. @pre It was not.
  void add(std::uint64_t session, time_point now);
  void remove(std::uint64_t session);

  /// A turn was given to it, to end by `deadline`.
  void begin_turn(std::uint64_t session, time_point deadline);
  /// One of its turns has ended. Ignored for a session that is not in memory.
  void end_turn(std::uint64_t session, time_point now);

  [[nodiscard]] bool is_busy(std::uint64_t session) const;

  [[nodiscard]] bool can_begin() const { return turns_ < limits_.turns_max; }

  [[nodiscard]] std::size_t turns() const { return turns_; }

  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

  /// Idle sessions that nobody has used for long, or that are too many; at most `count`, those
  /// unused for longest first. With `all`, every idle one.
  [[nodiscard]] std::vector<std::uint64_t> idle(time_point now, std::size_t count,
                                                bool all = false) const;

  /// Sessions with a turn whose deadline has passed; each deadline is reported once.
  [[nodiscard]] std::vector<std::uint64_t> take_overdue(time_point now);

private:
  struct entry {
    std::uint32_t turns = 0;
    time_point used;
    std::list<std::uint64_t>::iterator at;  ///< In `idle_`, when it has no turns.
  };

  void drop_deadlines(std::uint64_t session);

  resident_limits limits_;
  std::unordered_map<std::uint64_t, entry> sessions_;
  std::list<std::uint64_t> idle_;  ///< Unused for longest first.
  std::set<std::pair<time_point, std::uint64_t>> deadlines_;
  std::unordered_map<std::uint64_t, time_point> deadline_of_;
  std::size_t turns_ = 0;
};

}  // namespace libagent
