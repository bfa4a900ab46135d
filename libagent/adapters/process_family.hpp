#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace libagent {

/// All processes that stem from one that was started with a tag, wherever they went.
///
/// The tag is the limit RLIMIT_LOCKS, which Linux keeps, hands down and shows but has not enforced
/// since 2.4.25. So it finds what left its session, was orphaned, or runs another program with
/// another environment. Only root can take it off. Zero: no tag, an empty family.
/// Thread safety: any thread.
class process_family {
public:
  process_family() = default;

  /// Processes whose tag is the same in the bits of `mask`.
  explicit process_family(std::uint64_t tag, std::uint64_t mask = ~std::uint64_t{0})
      : tag_{tag}, mask_{mask} {}

  [[nodiscard]] std::uint64_t tag() const { return tag_; }

  /// How many there are now, dead ones that nobody reaped left out. Cost: about a microsecond for
  /// each process of the machine.
  [[nodiscard]] std::size_t count() const;

  /// Kills all until none is left; returns whether that was so within the time. Those that begin
  /// meanwhile are found too.
  bool kill_all(std::chrono::milliseconds patience) const;

private:
  std::uint64_t tag_ = 0;
  std::uint64_t mask_ = 0;
};

}  // namespace libagent
