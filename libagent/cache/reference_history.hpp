#pragma once

#include "libagent/cache/ghost_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace libagent {

/// Remembers when evicted entries were referenced: the same number of time stamps for each.
///
/// One stamp is kept in the ghost table itself, more of them in blocks beside it. Thread safety:
/// none.
class reference_history {
public:
  /// @pre `stamps` is positive.
  explicit reference_history(std::size_t stamps) : stamps_{stamps} {}

  /// Remembers an entry as the one evicted last.
  /// @pre `stamps` has as many as the constructor was told.
  void push(std::uint64_t key_hash, std::span<const std::uint32_t> stamps);

  /// Forgets an entry and writes its stamps; returns whether it was remembered.
  bool take(std::uint64_t key_hash, std::span<std::uint32_t> stamps);

  /// Forgets the oldest until at most `entries` are left.
  void bound_to(std::size_t entries);

  /// Makes every stamp smaller by `shift`, but not below 1.
  void rebase(std::uint32_t shift);

  [[nodiscard]] std::size_t size() const { return ghosts_.size(); }

  [[nodiscard]] std::size_t memory_bytes() const;

private:
  [[nodiscard]] bool is_inline() const { return stamps_ == 1; }

  std::uint32_t store(std::span<const std::uint32_t> stamps);

  std::size_t stamps_;
  ghost_table<> ghosts_;  // with the one stamp, or with the number of its block
  std::vector<std::uint32_t> blocks_;
  std::vector<std::uint32_t> free_blocks_;
};

}  // namespace libagent
