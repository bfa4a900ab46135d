#include "libagent/cache/reference_history.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace libagent;

TEST_CASE("a reference history gives the stamps of an entry back once", "[cache]") {
  const auto count = GENERATE(std::size_t{1}, std::size_t{3});
  CAPTURE(count);
  reference_history history{count};
  const std::vector<std::uint32_t> first(count, 7);
  const std::vector<std::uint32_t> second(count, 9);
  history.push(std::uint64_t{1} << 40U, first);
  history.push(std::uint64_t{2} << 40U, second);
  std::vector<std::uint32_t> stamps(count);
  CHECK(history.take(std::uint64_t{2} << 40U, stamps));
  CHECK(stamps == second);
  CHECK_FALSE(history.take(std::uint64_t{2} << 40U, stamps));
  CHECK(history.take(std::uint64_t{1} << 40U, stamps));
  CHECK(stamps == first);
}

TEST_CASE("a reference history forgets the oldest and uses their room again", "[cache]") {
  reference_history history{2};
  const std::vector<std::uint32_t> stamps{5, 4};
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    history.push(i << 40U, stamps);
    history.bound_to(100);
  }
  CHECK(history.size() == 100);
  CHECK(history.memory_bytes() <= 8'192);
  std::vector<std::uint32_t> found(2);
  CHECK_FALSE(history.take(std::uint64_t{9'899} << 40U, found));
  CHECK(history.take(std::uint64_t{9'900} << 40U, found));
  history.bound_to(0);
  CHECK(history.size() == 0);
}

TEST_CASE("a rebased history keeps stamps that exist above zero", "[cache]") {
  reference_history history{3};
  history.push(1, std::vector<std::uint32_t>{90, 20, 0});
  history.rebase(50);
  std::vector<std::uint32_t> found(3);
  REQUIRE(history.take(1, found));
  CHECK(found == std::vector<std::uint32_t>{40, 1, 0});
}
