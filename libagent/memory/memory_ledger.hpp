#pragma once

#include <cstdint>
#include <memory>
#include <optional>

namespace libagent {

struct ledger_account;

/// Why memory was not set aside.
enum class memory_refusal : std::uint8_t {
  none,
  not_now,  ///< It may fit once others have given theirs back.
  never,    ///< More than may be in use at all.
};

/// Memory that was set aside, until this is destroyed or released. May outlive its ledger; empty
/// when moved from. Thread safety: as for any value; the ledger takes it back from any thread.
class memory_grant {
public:
  memory_grant() = default;
  memory_grant(memory_grant&& other) noexcept;
  memory_grant& operator=(memory_grant&& other) noexcept;
  memory_grant(const memory_grant&) = delete;
  memory_grant& operator=(const memory_grant&) = delete;
  ~memory_grant();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// Gives the memory back early.
  void release();

  /// The same memory, given back when the last copy of the pointer is gone. Allocates.
  [[nodiscard]] std::shared_ptr<void> share() &&;

private:
  friend class memory_ledger;
  memory_grant(std::shared_ptr<ledger_account> account, std::uint64_t bytes, bool is_guess);

  std::shared_ptr<ledger_account> account_;
  std::uint64_t bytes_ = 0;
  bool is_guess_ = false;
};

/// Keeps account of memory that is set aside before it is allocated, so that tasks that each fit
/// but not together are not started together. Between the reservation and the first touch of the
/// memory, no measurement can show it.
///
/// What is in use is the larger of what was measured last and of what is promised: the reserved
/// bytes on top of a baseline, which is the use that no reservation explains. The baseline follows
/// the measured use while nothing is reserved (and nothing was since the last measurement, so that
/// memory on its way back is not counted), and is lowered to it otherwise. The rule to check real
/// use and the sum of estimates against one limit is that of Elasticsearch's parent breaker.
///
/// Work that does not say what it takes is guessed at: an eighth of the limit at first, then what
/// was measured beyond the baseline and the promises of the others, by head. The guess rises at
/// once and falls slowly.
///
/// Thread safety: all, from any thread; every call is short and none but the constructor and
/// `memory_grant::share` allocates, refusals included.
class memory_ledger {
public:
  /// @pre `budget_bytes` is positive, `share` in (0, 1]: what of it may be in use.
  explicit memory_ledger(std::uint64_t budget_bytes, double share = 0.85);

  /// What this process uses, as measured now.
  void update(std::uint64_t used_bytes);

  /// Sets `bytes` aside, unless more than the share of the budget would be in use then. Zero
  /// always fits.
  [[nodiscard]] std::optional<memory_grant> try_reserve(std::uint64_t bytes);

  /// Sets the guess aside for work that does not say what it takes. One such piece of work always
  /// gets it while nothing else is set aside: else it might never run.
  [[nodiscard]] std::optional<memory_grant> try_reserve_unknown();

  /// Why `bytes` cannot be set aside now; none if they can.
  [[nodiscard]] memory_refusal refusal_of(std::uint64_t bytes) const;

  [[nodiscard]] std::uint64_t reserved() const;
  /// Grants not given back yet.
  [[nodiscard]] std::uint64_t grants() const;
  /// What is set aside for work that does not say what it takes.
  [[nodiscard]] std::uint64_t guess() const;
  /// The baseline and all that is reserved: use up to here is no surprise.
  [[nodiscard]] std::uint64_t promised() const;
  /// Use that no reservation explains.
  [[nodiscard]] std::uint64_t baseline() const;
  /// The most that could be set aside now.
  [[nodiscard]] std::uint64_t headroom() const;
  /// The most that could be set aside if nothing else was.
  [[nodiscard]] std::uint64_t largest_possible() const;
  /// Reservations refused so far.
  [[nodiscard]] std::uint64_t refused() const;

  /// Whether free memory should be asked back from the allocator: since the last `note_trim` a
  /// reservation was refused, or a twentieth of the limit was given back by grants.
  [[nodiscard]] bool is_trim_wanted() const;
  void note_trim();

private:
  std::shared_ptr<ledger_account> account_;
};

}  // namespace libagent
