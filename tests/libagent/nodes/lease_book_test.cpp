#include "libagent/nodes/lease_book.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

const time_point lease_start{};
constexpr lease_limits second_and_five{.beat = 1s, .lapse = 5s};

}  // namespace

TEST_CASE("a lease ends when its peer was silent for as long as it lasts, and not before") {
  lease_book book{second_and_five, 1};
  const auto b = book.grant("b", 7, lease_start);
  book.heard(b, lease_start + 3s);
  CHECK(book.take_lapsed(lease_start + 8s - 1ns).empty());
  CHECK(book.take_lapsed(lease_start + 8s) == std::vector{b});
  CHECK(book.take_lapsed(lease_start + 9s).empty());
  CHECK(book.size() == 0);
  CHECK(book.stats().lapsed == 1);
}

TEST_CASE("a heartbeat keeps the lease of the start of the node that sent it, and no other") {
  lease_book book{second_and_five, 1};
  const auto b = book.grant("b", 7, lease_start);
  CHECK(book.beat(b, 7, lease_start + 4s));
  CHECK_FALSE(book.beat(b, 8, lease_start + 8s));
  CHECK_FALSE(book.beat(b + 1, 7, lease_start + 8s));
  CHECK(book.take_lapsed(lease_start + 9s) == std::vector{b});
  CHECK(book.stats().beats == 1);
}

TEST_CASE("what was heard earlier does not shorten a lease") {
  lease_book book{second_and_five, 1};
  const auto b = book.grant("b", 7, lease_start + 3s);
  book.heard(b, lease_start);
  CHECK(book.take_lapsed(lease_start + 8s - 1ns).empty());
}

TEST_CASE("a new start of a node may take its place, and the earlier one may not take it back") {
  lease_book book{second_and_five, 1};
  const auto first = book.grant("b", 7, lease_start);
  CHECK(book.claim("c", 8).value() == std::nullopt);
  CHECK(book.claim("b", 8).value() == first);
  const auto second = book.grant("b", 8, lease_start);
  CHECK(second != first);
  CHECK(book.size() == 1);
  CHECK(book.claim("b", 7).error().code == errc::already_exists);
  const auto third = book.grant("b", 9, lease_start);
  CHECK(book.claim("b", 7).error().code == errc::already_exists);
  CHECK(book.claim("b", 8).error().code == errc::already_exists);
  CHECK(book.stats().replaced == 2);
  book.end(third);
  CHECK(book.claim("b", 7).value() == std::nullopt);
}

TEST_CASE("the same start of a node may take its own place: its cluster actor was restarted") {
  lease_book book{second_and_five, 1};
  const auto first = book.grant("b", 7, lease_start);
  CHECK(book.claim("b", 7).value() == first);
  const auto second = book.grant("b", 7, lease_start);
  CHECK(second != first);
  CHECK(book.claim("b", 7).value() == second);
}

TEST_CASE("heartbeats are due at once and then each time their distance has passed") {
  lease_book book{second_and_five, 1};
  CHECK(book.take_beat(lease_start));
  CHECK_FALSE(book.take_beat(lease_start + 1s - 1ns));
  CHECK(book.take_beat(lease_start + 1s));
  CHECK_FALSE(book.take_beat(lease_start + 1s));
  CHECK(
      book.take_beat(lease_start + 60s));  // after a pause once, not once for each that was missed
  CHECK_FALSE(book.take_beat(lease_start + 60s));
}

TEST_CASE("two starts of a node number their leases differently") {
  std::set<peer_number> numbers;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    lease_book book{second_and_five, seed};
    for (int i = 0; i < 10; ++i)
      numbers.insert(book.grant("b", 7, lease_start));
  }
  CHECK(numbers.size() == 10'000);
  CHECK_FALSE(numbers.contains(0));
}

TEST_CASE("a book of leases does what a naive one does, whatever the order of events") {
  const auto seed = GENERATE(range(0U, 200U));
  CAPTURE(seed);
  seeded_random random{seed};
  lease_book book{second_and_five, seed};
  std::map<peer_number, std::pair<std::string, time_point>> naive;  // name, last heard of
  auto now = lease_start;
  for (int step = 0; step < 200; ++step) {
    now += std::chrono::milliseconds{random() % 1'500};
    const std::string node(1, static_cast<char>('a' + random() % 4));
    const auto incarnation = random() % 3 + 1;
    const auto held = std::ranges::find_if(
        naive, [&node](const auto& entry) { return entry.second.first == node; });
    if (random() % 3 == 0) {
      const auto claimed = book.claim(node, incarnation);
      if (!claimed)
        continue;
      REQUIRE(*claimed == (held == naive.end() ? std::nullopt : std::optional{held->first}));
      if (held != naive.end())
        naive.erase(held);
      naive.emplace(book.grant(node, incarnation, now), std::pair{node, now});
    } else if (held != naive.end()) {
      book.heard(held->first, now);
      held->second.second = now;
    }
    std::vector<peer_number> lost;
    for (const auto& [number, what] : naive) {
      if (now - what.second >= 5s)
        lost.push_back(number);
    }
    REQUIRE(book.take_lapsed(now) == lost);
    for (const auto number : lost)
      naive.erase(number);
    REQUIRE(book.size() == naive.size());
  }
}
