#pragma once

#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

namespace libagent {

/// Names one incarnation of an executor: a handler, a worker, an agent or another node.
using executor_id = std::uint32_t;

/// One attempt that an executor holds.
struct lease {
  executor_id executor = 0;
  task_id id;
  std::uint32_t attempt = 0;
  /// Grows with every lease that is handed out; an executor begins in this order. 0: its executor
  /// was not told yet.
  std::uint64_t sequence = 0;
  std::uint64_t number = 0;  ///< No other lease of this pool has it, before or after.
  std::stop_source stop;
  std::uint32_t route = 0;     ///< The queue it came from.
  time_point since;            ///< When it was handed out.
  duration cost{};             ///< How long it was expected to take.
  std::shared_ptr<void> hold;  ///< Memory set aside for it; null: none.
};

/// Who can run tasks, and how many more each may be given.
///
/// A lease is held until the executor answers or is lost, also when its task has ended meanwhile:
/// a thread that still works on a cancelled task is not free. Thread safety: none.
class executor_pool {
public:
  executor_pool() = default;
  executor_pool(const executor_pool&) = delete;
  executor_pool& operator=(const executor_pool&) = delete;
  /// Tells everything that still runs to stop: its tasks are about to be forgotten.
  ~executor_pool();

  /// An executor that is given at most `credit` tasks at a time.
  executor_id add(std::uint32_t credit);

  /// Forgets it; returns what it held, in the order it was handed out.
  std::vector<lease> remove(executor_id executor);

  /// An executor that is not available is given nothing; what it holds stays.
  void set_available(executor_id executor, bool available);

  /// The least loaded of the candidates that has credit left; the first among equals.
  [[nodiscard]] std::optional<executor_id> pick(std::span<const executor_id> candidates) const;

  /// @pre `executor` has credit left, and no lease of `id` exists.
  lease& assign(executor_id executor, const task_id& id, std::uint32_t attempt);

  /// Its executor is told now.
  void hand_out(lease& held) { held.sequence = ++last_sequence_; }

  /// The leases that their executors were not told of yet.
  [[nodiscard]] std::vector<lease*> not_handed_out();

  /// The attempt was answered. Returns what was held; empty when nobody held it.
  std::optional<lease> release(const task_id& id, std::uint32_t attempt);

  /// The lease of a task, whatever its attempt; null when nobody holds one.
  [[nodiscard]] lease* find(const task_id& id);
  [[nodiscard]] const lease* find(const task_id& id) const;

  [[nodiscard]] std::size_t leases() const { return leases_.size(); }

  [[nodiscard]] bool contains(executor_id executor) const { return executors_.contains(executor); }

  [[nodiscard]] std::uint32_t used(executor_id executor) const;

  /// How many tasks the available ones of these take at a time, all together.
  [[nodiscard]] std::size_t credit_of(std::span<const executor_id> candidates) const;

  /// The lease with that sequence number; null when it is over. O(leases).
  [[nodiscard]] const lease* with_sequence(std::uint64_t sequence) const;

private:
  struct capacity {
    std::uint32_t credit = 1;
    std::uint32_t used = 0;
    bool available = true;
  };

  std::map<executor_id, capacity> executors_;
  std::unordered_map<task_id, lease> leases_;
  executor_id last_executor_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t last_number_ = 0;
};

}  // namespace libagent
