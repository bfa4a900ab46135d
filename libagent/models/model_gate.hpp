#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/provider_lane.hpp"
#include "libagent/models/provider_settings.hpp"
#include "libagent/models/usage_ledger.hpp"
#include "libagent/tasks/task_entry.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Which model of which provider an order means.
struct resolved_model {
  std::size_t provider = 0;                  ///< Its position.
  std::string model;                         ///< As the provider calls it.
  const model_settings* settings = nullptr;  ///< Null: the provider's settings do not name it.
};

/// What the gate has to know of a call.
struct gate_order {
  std::size_t provider = 0;
  criticality level = criticality::critical;
  time_point deadline = time_point::max();
  usage_payers payers;  ///< Its `client` is also who the call is queued for.
  usage_amount most;    ///< What it can take at most.
};

enum class gate_step_kind : std::uint8_t {
  start,    ///< Send the call. Its end is to be told with `on_end`.
  end,      ///< Answer it with `why`; it is not under way.
  abandon,  ///< Answer it with `why` and stop it; it is under way, and its end is still due.
};

/// Something to be done now.
struct gate_step {
  gate_step_kind kind = gate_step_kind::start;
  std::uint64_t id = 0;
  error why;
};

enum class gate_verdict : std::uint8_t {
  finish,  ///< Answer the order with this end.
  retry,   ///< It will be started again; nothing is to be answered.
  late,    ///< Nobody waits for it any more.
};

enum class cancel_verdict : std::uint8_t {
  finish,   ///< It was not under way: answer it.
  stop,     ///< It is under way: stop it, its end will follow.
  unknown,  ///< It is over.
};

/// Decides which call of a model is sent when, and what becomes of those that fail.
///
/// Each provider has a limit of calls at a time and a queue in front of it: the highest level
/// first, then clients in turn by estimated tokens, then first come first served. A queue is
/// bounded by count, of which low levels get a part only, and by age. Budgets are reserved before
/// a call waits. A failed call is sent again only when nothing of it was passed on, its error may
/// pass, deadline, attempts and the provider's retry budget allow it; then after full jitter or
/// what the provider asked for. While a provider's breaker is open calls are refused at once.
///
/// Who uses it: `admit`, then `take_due` for what is to be done; `on_end` for each call that was
/// started, then `take_due`; `take_due` again at `next_wake`. Whatever was admitted is ended
/// exactly once: by a step, by the verdict of `on_end`, or by that of `cancel`.
/// A call that ignores its deadline or its cancellation for `grace` is abandoned; if it still does
/// not end within `write_off`, its place is given to others. Thread safety: none.
class model_gate {
public:
  static constexpr std::chrono::seconds grace{1};
  static constexpr std::chrono::seconds write_off{30};

  /// @pre `check` has nothing against the providers. `seed` is of all jitter.
  model_gate(const std::vector<provider_settings>& providers, std::uint64_t seed);
  model_gate(const model_gate&) = delete;
  model_gate& operator=(const model_gate&) = delete;
  model_gate(model_gate&&) = delete;
  model_gate& operator=(model_gate&&) = delete;
  ~model_gate() = default;

  /// Finds `PROVIDER/MODEL`, `PROVIDER` (its first model), or a model or alias of any provider; of
  /// the only provider any model if its settings name none. Errors: `not_found`.
  [[nodiscard]] expected<resolved_model> resolve(std::string_view name) const;

  /// Lets an order in, and names it. Errors: `deadline_exceeded`, `budget_exceeded`, `overloaded`,
  /// `unavailable` (the breaker is open) and `rate_limited`, the last three with `retry_after`.
  [[nodiscard]] expected<std::uint64_t> admit(const gate_order& order, const instant& now);

  /// What is to be done now; valid until the next call.
  [[nodiscard]] const std::vector<gate_step>& take_due(const instant& now);

  /// An attempt ended. Errors that only the order is to blame for finish it.
  [[nodiscard]] gate_verdict on_end(std::uint64_t id, const attempt_end& end, const instant& now);

  [[nodiscard]] cancel_verdict cancel(std::uint64_t id, const instant& now);

  /// When `take_due` has something to do that no other call brings about; empty: never.
  [[nodiscard]] std::optional<time_point> next_wake(time_point now) const;

  /// Attempts of an order so far; 0 when it is over.
  [[nodiscard]] std::uint32_t attempts(std::uint64_t id) const;

  [[nodiscard]] std::size_t size() const { return lanes_.size(); }

  [[nodiscard]] const provider_lane& provider(std::size_t at) const { return *lanes_.at(at); }

  /// The provider said how many calls it takes at a time.
  void set_slots(std::size_t provider, std::uint32_t slots) {
    lanes_.at(provider)->set_slots(slots);
  }

  [[nodiscard]] const usage_ledger& ledger() const { return ledger_; }

  /// To restore what earlier ones have spent, and to take what is to be kept.
  [[nodiscard]] usage_ledger& ledger() { return ledger_; }

  /// Orders that are not over, abandoned ones included.
  [[nodiscard]] std::size_t live() const { return tickets_.size() - free_.size(); }

private:
  enum class stage : std::uint8_t { free, queued, delayed, due, running, abandoned };

  /// One order. Its base's `deadline` is when something has to be done about it.
  struct ticket : task_entry {
    stage where = stage::free;
    std::uint32_t generation = 0;
    std::uint32_t slot = 0;
    std::uint32_t lane = 0;
    std::uint32_t attempts = 0;
    bool is_cancelled = false;
    bool has_hold = false;
    time_point order_deadline;
    duration weight{};  // for fairness between clients
    usage_hold hold;
    usage_amount used;
    std::string last_failure;
  };

  [[nodiscard]] std::optional<resolved_model> find_model(std::string_view name) const;
  [[nodiscard]] expected<resolved_model> resolve_at(std::size_t provider,
                                                    std::string_view model) const;

  [[nodiscard]] static std::uint64_t id_of(const ticket& each);
  [[nodiscard]] ticket* find(std::uint64_t id) const;
  ticket& open(const gate_order& order);
  void close(ticket& each, const instant& now);
  void wake_at(ticket& each, time_point when);

  void enqueue(ticket& each, const instant& now);
  void delay(ticket& each, time_point until);
  void begin(ticket& each, const instant& now);
  void end_unsent(ticket& each, error why, const instant& now);
  void act_on_timers(const instant& now);
  void act_on_timer(ticket& each, const instant& now);
  void overrun(ticket& each, const instant& now);
  void fill(std::size_t lane, const instant& now);
  void on_held_by_breaker(ticket& each, std::chrono::milliseconds hold, const instant& now);
  [[nodiscard]] error expiry_of(const ticket& each, const instant& now) const;

  std::vector<std::unique_ptr<provider_lane>> lanes_;
  usage_ledger ledger_;
  std::vector<std::unique_ptr<ticket>> tickets_;
  std::vector<std::uint32_t> free_;
  deadline_heap timers_;
  std::vector<gate_step> due_;
  std::vector<gate_step> taken_;
};

}  // namespace libagent
