#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace libagent {

/// A block of memory that is kept for the moment when there is none left: giving it back lets error
/// paths, the last answers and the logs go on.
///
/// It holds address space from the start, and pages once `make_resident` was called: a process with
/// memory to spare need not carry it.
///
/// While it exists, it is given back by itself when `new` finds no memory (it is the process's
/// new-handler): the allocation is tried again, and only when that fails too `std::bad_alloc` is
/// thrown. Every such failure is counted. malloc and mmap that are called directly do not ask it.
///
/// There is one at a time per process. Thread safety: all, from any thread; but no thread may
/// replace the new-handler meanwhile.
class emergency_memory {
public:
  static constexpr std::size_t default_bytes = std::size_t{16} << 20U;

  /// @pre `bytes` is positive. Errors: `errc::already_exists` while there is one,
  /// `errc::io_failed` when the memory is not to be had.
  [[nodiscard]] static expected<std::unique_ptr<emergency_memory>> make(
      std::size_t bytes = default_bytes);

  emergency_memory(const emergency_memory&) = delete;
  emergency_memory& operator=(const emergency_memory&) = delete;
  /// Gives the block back and puts the former new-handler in its place.
  ~emergency_memory();

  /// Gives the block back to the system: one system call, no allocation, no lock. Returns whether
  /// there was one to give.
  bool release();

  /// Takes a new block when there is none; returns whether there is one now.
  bool refill() const;

  /// Gives the block its pages, so that they are not found missing in the moment of need. Returns
  /// whether it has them. Call it while there is room for them.
  bool make_resident();

  [[nodiscard]] bool is_armed() const;

  /// How often `new` found no memory since the last call.
  [[nodiscard]] std::uint64_t take_allocation_failures();

private:
  using handler = void (*)();

  explicit emergency_memory(std::size_t bytes);

  std::size_t bytes_;
  handler former_;
};

}  // namespace libagent
