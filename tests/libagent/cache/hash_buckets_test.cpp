#include "libagent/cache/hash_buckets.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

constexpr auto any_number = [](std::uint32_t) { return true; };

}  // namespace

TEST_CASE("hash buckets hold several numbers of one hash", "[cache]") {
  hash_buckets table;
  table.reset(1);
  CHECK(table.find(5, any_number) == hash_buckets::none);
  table.put(5, 10);
  table.put(5, 11);
  CHECK(table.find(5, [](std::uint32_t number) { return number == 11; }) == 11);
  table.remove(5, 11);
  CHECK(table.find(5, any_number) == 10);
}

TEST_CASE("hash buckets find what went on to another bucket, and end when all are passed",
          "[cache]") {
  hash_buckets table;
  table.reset(2);
  const std::uint64_t second_home = std::uint64_t{0x8000'0000} << 32U;
  for (std::uint32_t number = 0; number < 7; ++number)
    table.put(1, number);  // the last does not fit in the first bucket
  CHECK(table.find(1, [](std::uint32_t number) { return number == 6; }) == 6);
  for (std::uint32_t number = 0; number < 5; ++number)
    table.put(second_home | 2U, 20 + number);
  table.remove(1, 0);
  table.put(second_home | 2U, 25);  // passes the second bucket, so both are passed
  CHECK(table.find(3, any_number) == hash_buckets::none);
  CHECK(table.find(1, [](std::uint32_t number) { return number == 6; }) == 6);
  CHECK(table.find(second_home | 2U, [](std::uint32_t number) { return number == 25; }) == 25);
  CHECK_THROWS_AS(table.remove(1, 99), contract_violation);
}
