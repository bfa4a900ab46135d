#include "libagent/adapters/emergency_memory.hpp"

#include "tests/support/forked_child.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <new>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace libagent;
using libagent::testing::run_in_forked_child;

namespace {

constexpr std::size_t block_bytes = std::size_t{16} << 20U;

std::uint64_t pages_in_statm(int column) {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t pages = 0;
  for (int i = 0; i <= column; ++i)
    statm >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Lets the process map only so much more than it has.
void limit_address_space(std::uint64_t more_bytes) {
  const auto bytes = pages_in_statm(0) + more_bytes;
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_AS, &limit);
}

/// Allocates until `new` throws; returns how much it got, and gives it back.
std::size_t allocate_all() {
  std::vector<std::unique_ptr<char[]>> blocks;  // NOLINT(modernize-avoid-c-arrays): untouched
  blocks.reserve(10'000);
  std::size_t got = 0;
  try {
    while (blocks.size() < blocks.capacity()) {
      blocks.emplace_back(new char[std::size_t{1} << 20U]);
      got += std::size_t{1} << 20U;
    }
  } catch (const std::bad_alloc&) {
    return got;
  }
  return got;
}

// Address sanitizer takes the place of `new` and needs its own address space.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

}  // namespace

TEST_CASE("the emergency block takes pages when it is told to, and gives them back",
          "[adapters][memory]") {
  const auto before = pages_in_statm(1);
  auto kept = emergency_memory::make(block_bytes);
  REQUIRE(kept.has_value());
  CHECK((*kept)->is_armed());
  CHECK(pages_in_statm(1) < before + block_bytes / 2);
  CHECK((*kept)->make_resident());
  CHECK(pages_in_statm(1) >= before + block_bytes * 9 / 10);
  CHECK((*kept)->release());
  CHECK_FALSE((*kept)->is_armed());
  CHECK(pages_in_statm(1) < before + block_bytes / 2);
  CHECK_FALSE((*kept)->release());
}

TEST_CASE("a released block can be filled again", "[adapters][memory]") {
  auto kept = emergency_memory::make(block_bytes);
  REQUIRE(kept.has_value());
  CHECK((*kept)->refill());
  (*kept)->release();
  CHECK((*kept)->refill());
  CHECK((*kept)->is_armed());
}

TEST_CASE("there is one emergency block at a time, and another after it", "[adapters][memory]") {
  {
    auto first = emergency_memory::make(block_bytes);
    REQUIRE(first.has_value());
    CHECK(emergency_memory::make(block_bytes).error().code == errc::already_exists);
    CHECK((*first)->is_armed());
  }
  CHECK(emergency_memory::make(block_bytes).has_value());
}

TEST_CASE("the former new-handler is back afterwards", "[adapters][memory]") {
  const auto before = std::get_new_handler();
  {
    auto kept = emergency_memory::make(block_bytes);
  }
  CHECK(std::get_new_handler() == before);
}

TEST_CASE("more than there is cannot be kept, and the next try may succeed", "[adapters][memory]") {
  const auto too_much = emergency_memory::make(std::size_t{1} << 60U);
  REQUIRE_FALSE(too_much.has_value());
  CHECK(too_much.error().code == errc::io_failed);
  CHECK(emergency_memory::make(block_bytes).has_value());
}

TEST_CASE("when new finds no memory the block makes room, once, and then new fails",
          "[adapters][memory]") {
  if (is_sanitized)
    return;
  const auto outcome = run_in_forked_child([] {
    auto kept = emergency_memory::make(block_bytes);
    if (!kept)
      return 1;
    limit_address_space(std::uint64_t{64} << 20U);
    const auto got = allocate_all();
    if ((*kept)->is_armed())
      return 2;
    if ((*kept)->take_allocation_failures() != 2)  // the one that made room, and the last
      return 3;
    if (got < (std::size_t{64 + 12} << 20U))  // more than the limit had left
      return 4;
    if ((*kept)->take_allocation_failures() != 0)
      return 5;
    return (*kept)->refill() ? 0 : 6;
  });
  CHECK(outcome == 0);
}

TEST_CASE("a single request that is too large fails although the block was given",
          "[adapters][memory]") {
  if (is_sanitized)
    return;
  const auto outcome = run_in_forked_child([] {
    auto kept = emergency_memory::make(block_bytes);
    if (!kept)
      return 1;
    limit_address_space(std::uint64_t{8} << 20U);
    try {
      const std::vector<char> large(std::size_t{64} << 20U);
      return 2;
    } catch (const std::bad_alloc&) {
      return (*kept)->take_allocation_failures() == 2 && !(*kept)->is_armed() ? 0 : 3;
    }
  });
  CHECK(outcome == 0);
}

TEST_CASE("threads that release and refill at once leave one block or none", "[adapters][memory]") {
  const auto before = pages_in_statm(1);
  {
    auto kept = emergency_memory::make(std::size_t{1} << 20U);
    REQUIRE(kept.has_value());
    const auto churn = [&kept] {
      for (int i = 0; i < 500; ++i) {
        (*kept)->release();
        (*kept)->refill();
      }
    };
    const std::jthread other{churn};
    churn();
  }
  CHECK(pages_in_statm(1) < before + (std::uint64_t{16} << 20U));
}
