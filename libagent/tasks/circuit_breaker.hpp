#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/name_hash.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

struct breaker_limits {
  std::uint32_t failures_in_a_row = 5;  ///< So many open it.
  std::uint32_t window = 20;            ///< Or half of the last so many; at most 64.
  std::chrono::milliseconds pause{5'000};
  std::chrono::milliseconds pause_max{60'000};
  std::chrono::milliseconds probe_limit{60'000};  ///< A probe that says nothing is written off.
  std::size_t names_max = 1024;
};

/// What a run says about what it called.
enum class breaker_result : std::uint8_t {
  ok,      ///< It answered; an error that names a bad argument is an answer.
  failed,  ///< It is down, too slow, or overloaded.
  other,   ///< Nothing: the run was cancelled, or failed before it called.
};

/// Which of these an outcome is. `ok` for `errc::ok` and for what only this call is to blame for.
[[nodiscard]] breaker_result breaker_result_of(errc outcome);

enum class breaker_state : std::uint8_t { closed, open, half_open };

template <>
struct enum_names<breaker_state> {
  static constexpr std::array<std::pair<breaker_state, std::string_view>, 3> values{
      {{breaker_state::closed, "closed"},
       {breaker_state::open, "open"},
       {breaker_state::half_open, "half_open"}}};
};

/// What is told of one breaker.
struct breaker_status {
  std::string name;
  breaker_state state = breaker_state::closed;
  std::uint64_t opened = 0;                             ///< How often.
  std::uint64_t refused = 0;                            ///< Calls that were not made.
  std::optional<std::chrono::milliseconds> next_probe;  ///< From now; absent unless it is open.

  friend bool operator==(const breaker_status&, const breaker_status&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, breaker_status& x) {
  return record(f, x, "breaker_status", field("name", "Tool or resource.", x.name),
                field("state", "Whether calls are let through.", x.state),
                field("opened", "How often it was opened.", x.opened),
                field("refused", "Calls that were not made.", x.refused),
                field("next_probe_ms", "When one call may try again.", x.next_probe));
}

/// Stops calling what is down: circuit breakers (Nygard, "Release It!", 2007), one for each name of
/// a tool or of a resource that several tools share.
///
/// Closed, all calls go through. Enough failures open it, and no call goes through for a pause.
/// Then it is half open: one call at a time is a probe. An answer closes the breaker; another
/// failure opens it again for twice as long, up to a limit. Pauses are lengthened by up to a fifth
/// at random, so that the breakers of many nodes do not probe at the same moment.
///
/// A name costs nothing while its calls succeed. Past `names_max` of those that failed lately, the
/// one that was used least recently is forgotten, a closed one first: forgetting lets calls
/// through, which is the safe side. Thread safety: none.
class circuit_breaker {
public:
  /// `seed` is of the jitter.
  /// @pre all limits are positive, `window` is at most 64.
  circuit_breaker(const breaker_limits& limits, std::uint64_t seed);

  /// Whether a call to `name` may begin now. Empty: it may, and its end is to be told with
  /// `on_result`. Otherwise when to ask again, at least 1 ms.
  [[nodiscard]] std::optional<std::chrono::milliseconds> admit(std::string_view name,
                                                               time_point now);

  /// A call ended. One that began before the breaker opened changes nothing any more, unless the
  /// probe is under way: then any answer is as good as the probe's.
  void on_result(std::string_view name, breaker_result result, time_point now);

  /// What `admit` would say; takes no probe and counts nothing. For what is to wait in a queue.
  [[nodiscard]] std::optional<std::chrono::milliseconds> held_for(std::string_view name,
                                                                  time_point now) const;

  [[nodiscard]] breaker_state state_of(std::string_view name, time_point now) const;

  /// Every breaker that is kept, by name.
  [[nodiscard]] std::vector<breaker_status> status(time_point now) const;

  /// How often any breaker was opened, and calls that were not made, of all names ever.
  [[nodiscard]] std::uint64_t opened() const { return opened_; }

  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  [[nodiscard]] std::size_t size() const { return circuits_.size(); }

private:
  struct circuit {
    breaker_state state = breaker_state::closed;
    std::uint32_t in_a_row = 0;
    std::uint64_t results = 0;  // the newest in the lowest bit; 1: failed
    std::uint32_t seen = 0;     // how many of them count
    std::uint32_t pauses = 0;   // since it was last closed
    time_point probe_at;        // open: of the next probe; half open: when the probe is written off
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;
    std::list<std::string>::iterator use;
  };

  using circuits = name_table<circuit>;

  circuit& add(std::string_view name);
  void judge_probe(circuit& each, breaker_result result, time_point now);
  [[nodiscard]] std::optional<std::chrono::milliseconds> hold_of(const circuit& each,
                                                                 time_point now) const;
  void forget_one();
  void forget(circuits::iterator at);
  void note(circuit& each, bool failed) const;
  [[nodiscard]] bool must_open(const circuit& each) const;
  void open(circuit& each, time_point now);
  [[nodiscard]] duration next_pause(std::uint32_t pauses);

  breaker_limits limits_;
  seeded_random random_;
  circuits circuits_;
  std::list<std::string> by_use_;  // the least recently used first
  std::uint64_t opened_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace libagent
