#pragma once

#include "libagent/base/time.hpp"
#include "libagent/supervision/child_rules.hpp"
#include "libagent/supervision/restart_backoff.hpp"
#include "libagent/supervision/restart_intensity.hpp"
#include "libagent/supervision/supervision_rules.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace libagent {

/// Names a child of one supervisor. Ascending in start order, never used twice.
using child_number = std::uint64_t;

/// Why a supervisor ended.
enum class supervision_outcome : std::uint8_t {
  shutdown,       ///< It was told to.
  auto_shutdown,  ///< Its significant children had ended.
  start_failed,   ///< One of its first children could not be started.
  gave_up,        ///< Restart intensity exceeded.
};

/// What the owner of a `supervision_core` has to do.
namespace supervise {

/// Start the child and report `child_started` or `start_failed`.
struct start {
  child_number child;
  friend bool operator==(const start&, const start&) = default;
};

/// Ask the child to end. Its end is reported with `child_exited`.
struct stop {
  child_number child;
  friend bool operator==(const stop&, const stop&) = default;
};

/// Make the child end without asking. Its end is reported with `child_exited`.
struct kill {
  child_number child;
  friend bool operator==(const kill&, const kill&) = default;
};

/// The child ignored a kill: stop waiting. Its end must not be reported any more.
struct abandon {
  child_number child;
  friend bool operator==(const abandon&, const abandon&) = default;
};

/// The child will never be started again: drop what is known of it.
struct forget {
  child_number child;
  friend bool operator==(const forget&, const forget&) = default;
};

/// All children are down: end. Nothing comes after this.
struct finish {
  supervision_outcome outcome;
  friend bool operator==(const finish&, const finish&) = default;
};

using command = std::variant<start, stop, kill, abandon, forget, finish>;
using commands = std::vector<command>;

}  // namespace supervise

/// Where a child is in its life. `waiting`: for its start or restart. `killed`: told to end, and
/// still there.
enum class child_state : std::uint8_t { stopped, waiting, starting, running, stopping, killed };

/// Everything a supervisor decides, as a state machine: it is told what happened and when, and
/// returns what to do, in order.
///
/// OTP's `supervisor` is the reference (docs/reference/supervision.md compares). Children start
/// one after another, each when the one before is up, and stop in reverse. While a group stops
/// for a restart nobody starts.
///
/// Cost: linear in the number of children. Thread safety: none.
class supervision_core {
public:
  /// @pre No child is both permanent and significant; none is significant when `rules.ends_with`
  ///      is `never`.
  supervision_core(supervision_rules rules, const std::vector<child_rules>& children,
                   std::uint64_t seed);

  /// The children given to the constructor are numbered from 0. Call once, first.
  [[nodiscard]] supervise::commands begin(time_point now);

  [[nodiscard]] supervise::commands child_started(child_number child, time_point now);
  [[nodiscard]] supervise::commands start_failed(child_number child, time_point now);
  [[nodiscard]] supervise::commands child_exited(child_number child, exit_kind how, time_point now);

  /// To be called at `next_tick`; earlier or later does no harm.
  [[nodiscard]] supervise::commands tick(time_point now);

  /// Stops all children in reverse order, then finishes. Repeating it changes nothing.
  [[nodiscard]] supervise::commands shut_down(time_point now);

  struct addition {
    child_number child;
    supervise::commands commands;
  };

  /// Adds a child behind the others and starts it. If that first start fails it is forgotten.
  /// @pre As the constructor's; and not `is_ending()`.
  [[nodiscard]] addition add_child(child_rules rules, time_point now);

  /// Stops a child and forgets it. Does nothing when there is none of that number.
  [[nodiscard]] supervise::commands remove_child(child_number child, time_point now);

  /// When `tick` has something to do; nullopt: nothing to wait for.
  [[nodiscard]] std::optional<time_point> next_tick() const;

  [[nodiscard]] bool is_ending() const { return outcome_.has_value(); }

  /// @pre The child is known and not forgotten.
  [[nodiscard]] child_state state_of(child_number child) const;
  /// @pre The child is known and not forgotten. How often it was begun anew because of its own
  ///      failure, not that of a sibling.
  [[nodiscard]] std::uint64_t restarts_of(child_number child) const;

private:
  struct child {
    child_rules rules;
    restart_backoff backoff;
    child_state state = child_state::waiting;
    time_point due;         ///< Of the start when waiting, of the next measure when stopping.
    time_point started_at;  ///< Of the present incarnation.
    std::uint64_t restarts = 0;
    bool ever_started = false;
    bool added_later = false;
    bool forget_when_down = false;

    [[nodiscard]] bool is_up() const { return state >= child_state::starting; }
  };

  using child_iterator = std::map<child_number, child>::iterator;

  child_number insert(child_rules rules, time_point due);
  [[nodiscard]] child_iterator expect(child_number number);
  [[nodiscard]] bool is_stopping_group(child_number number) const;
  void failed(child_iterator which, time_point now);
  void restart_group(child_iterator failed, time_point due);
  void ended_for_good(child_iterator which, supervise::commands& out);
  void went_down_as_told(child_iterator which, supervise::commands& out);
  void forget(child_iterator which, supervise::commands& out);
  [[nodiscard]] bool should_auto_shutdown(const child& ended) const;
  void end(supervision_outcome outcome);
  void order_stop(child_number number, child& which, time_point now,
                  supervise::commands& out) const;
  void enforce_patience(time_point now, supervise::commands& out);
  /// Whether a group is still stopping.
  bool stop_next(time_point now, supervise::commands& out);
  void start_next(time_point now, supervise::commands& out);
  supervise::commands& step(time_point now, supervise::commands& out);

  supervision_rules rules_;
  restart_intensity intensity_;
  std::uint64_t seed_;
  std::map<child_number, child> children_;
  child_number next_number_ = 0;
  /// Set while children from this number on are being stopped.
  std::optional<child_number> stop_from_;
  time_point group_due_;  ///< When the group that is stopping may start again.
  std::optional<supervision_outcome> outcome_;
  bool finished_ = false;
};

}  // namespace libagent
