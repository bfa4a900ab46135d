#include "apps/lab/memory_cage.hpp"

#include "libagent/adapters/proc_memory_probe.hpp"

#include "tests/support/forked_child.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <new>

using namespace libagent;
using libagent::lab::memory_cage;
using libagent::testing::run_in_forked_child;

namespace {

constexpr std::uint64_t cage_bytes = std::uint64_t{128} << 20U;

/// 0 when so much memory could be written to.
int write_to(std::size_t bytes) {
  try {
    const auto block = std::make_unique_for_overwrite<char[]>(bytes);  // NOLINT: not initialised
    std::memset(block.get(), 1, bytes);
    return block[bytes / 2] == 1 ? 0 : 2;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

// Address sanitizer reserves address space that no limit of this size leaves it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_cage_sanitized = true;
#else
constexpr bool is_cage_sanitized = false;
#endif

}  // namespace

TEST_CASE("a process in a cage finds its limit, and cannot use more", "[lab]") {
  if (is_cage_sanitized)
    return;
  const memory_cage cage{cage_bytes};
  CHECK(run_in_forked_child([&cage] {
          if (!cage.enter())
            return 3;
          const auto bounds = read_memory_bounds();
          const auto seen = cage.how() == memory_cage::kind::address_space
                                ? bounds->address_space_bytes
                                : bounds->cgroup_bytes;
          return seen == cage_bytes ? write_to(cage_bytes / 4) : 4;
        }) == 0);
  const auto beyond =
      run_in_forked_child([&cage] { return cage.enter() ? write_to(cage_bytes * 2) : 3; });
  if (cage.how() == memory_cage::kind::address_space) {
    CHECK(beyond == 1);
  } else {
    CHECK(beyond == -1);  // killed
    CHECK(cage.oom_kills() >= 1);
    CHECK(cage.peak_bytes() >= cage_bytes / 4);
  }
}

TEST_CASE("cages can follow one another", "[lab]") {
  const auto first = memory_cage{cage_bytes}.how();
  CHECK(memory_cage{cage_bytes}.how() == first);
}
