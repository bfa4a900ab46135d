#include "libagent/tasks/fair_queue.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

/// Makes entries and keeps them at their addresses.
class entry_maker {
public:
  task_entry& operator()(const std::string& client, criticality level = criticality::critical,
                         duration since = 0s) {
    auto& entry = entries_.emplace_back();
    entry.record.client = client;
    entry.record.level = level;
    entry.since = time_point{} + since;
    return entry;
  }

private:
  std::deque<task_entry> entries_;
};

task_entry& take_front(fair_queue& queue) {
  auto* entry = queue.front();
  REQUIRE(entry != nullptr);
  REQUIRE(queue.front() == entry);
  queue.take(*entry);
  return *entry;
}

/// How many of the next `count` tasks belong to each client; each is replaced by a new one.
std::map<std::string, int> serve(fair_queue& queue, entry_maker& make, int count,
                                 const std::map<std::string, duration>& costs) {
  std::map<std::string, int> served;
  for (int i = 0; i < count; ++i) {
    const auto client = take_front(queue).record.client;
    ++served[client];
    queue.push_back(make(client), costs.at(client));
  }
  return served;
}

}  // namespace

TEST_CASE("one client's tasks start first come, first served", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  CHECK(queue.front() == nullptr);
  std::vector<task_entry*> pushed;
  for (int i = 0; i < 5; ++i)
    queue.push_back(*pushed.emplace_back(&make("a")), 1ms);
  for (auto* expected_entry : pushed)
    CHECK(&take_front(queue) == expected_entry);
  CHECK(queue.front() == nullptr);
  CHECK(queue.size() == 0);
}

TEST_CASE("clients are served by their weights over a long run", "[tasks]") {
  const auto weights = client_weights::parse("heavy=3");
  entry_maker make;
  fair_queue queue{&*weights};
  for (int i = 0; i < 10; ++i) {
    queue.push_back(make("heavy"), 10ms);
    queue.push_back(make("light"), 10ms);
  }
  auto served = serve(queue, make, 4000, {{"heavy", 10ms}, {"light", 10ms}});
  CHECK(served["heavy"] == Approx(3000).margin(2));
}

TEST_CASE("a client of expensive tasks gets as much time, not as many turns", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  for (int i = 0; i < 3; ++i) {
    queue.push_back(make("slow"), 90ms);
    queue.push_back(make("quick"), 10ms);
  }
  auto served = serve(queue, make, 1000, {{"slow", 90ms}, {"quick", 10ms}});
  CHECK(served["slow"] == Approx(100).margin(2));
}

TEST_CASE("a newcomer waits for at most one task of a client that has 10,000", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  for (int i = 0; i < 10'000; ++i)
    queue.push_back(make("greedy"), 10ms);
  for (int i = 0; i < 100; ++i)
    take_front(queue);
  auto& newcomer = make("new");
  queue.push_back(newcomer, 10ms);
  const bool at_once = &take_front(queue) == &newcomer;
  CHECK((at_once || &take_front(queue) == &newcomer));
}

TEST_CASE("who was away has saved nothing up", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  for (int i = 0; i < 1000; ++i)
    queue.push_back(make("busy"), 10ms);
  for (int i = 0; i < 500; ++i)
    take_front(queue);
  for (int i = 0; i < 100; ++i)
    queue.push_back(make("back"), 10ms);
  int of_back = 0;
  for (int i = 0; i < 20; ++i)
    of_back += take_front(queue).record.client == "back" ? 1 : 0;
  CHECK(of_back == Approx(10).margin(1));
}

TEST_CASE("an endless row of new clients does not starve one that waits", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  queue.push_back(make("patient"), 10ms);
  queue.push_back(make("patient"), 10ms);
  take_front(queue);
  int served_before = 0;
  queue.push_back(make("new"), 10ms);
  while (take_front(queue).record.client != "patient") {
    REQUIRE(++served_before < 1000);
    queue.push_back(make("new" + std::to_string(served_before)), 10ms);
  }
  CHECK(served_before <= static_cast<int>(client_flows::idle_max) + 1);
}

TEST_CASE("a higher level goes first, whatever the lower one has waited for", "[tasks]") {
  using enum criticality;
  entry_maker make;
  fair_queue queue;
  std::vector<task_entry*> by_level;
  for (const auto level : {sheddable, sheddable_plus, critical, critical_plus}) {
    auto& entry = *by_level.emplace_back(&make("a", level));
    queue.push_back(entry, 10ms);
  }
  CHECK(queue.front(critical_plus) == by_level[3]);
  CHECK(queue.backlog() == 40ms);
  CHECK(queue.backlog(critical) == 20ms);
  CHECK(queue.client_backlog("a", critical_plus) == 10ms);
  CHECK(queue.client_backlog("b", sheddable) == 0ms);
  CHECK(queue.client_size("a") == 4);
  while (!by_level.empty()) {
    CHECK(&take_front(queue) == by_level.back());
    by_level.pop_back();
    CHECK(queue.front(critical_plus) == nullptr);
  }
}

TEST_CASE("a task that comes back goes ahead of its client's others", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  auto& first = make("a");
  auto& second = make("a");
  queue.push_back(first, 1ms);
  queue.push_back(second, 1ms);
  queue.take(first);
  queue.push_front(first, 1ms);
  CHECK(&take_front(queue) == &first);
  CHECK(&take_front(queue) == &second);
}

TEST_CASE("a cancelled task is not charged to its client", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  std::vector<task_entry*> cancelled;
  for (int i = 0; i < 100; ++i)
    queue.push_back(*cancelled.emplace_back(&make("a")), 10ms);
  auto& first = make("a");
  queue.push_back(first, 10ms);
  queue.push_back(make("b"), 10ms);
  queue.push_back(make("b"), 10ms);
  for (auto* entry : cancelled)
    queue.remove(*entry);
  CHECK(&take_front(queue) == &first);
  CHECK(queue.size() == 2);
  CHECK(queue.backlog() == 20ms);
}

TEST_CASE("a task counts as at least a microsecond and at most an hour of backlog", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  queue.push_back(make("a"), 0s);
  CHECK(queue.backlog() == 1us);
  queue.push_back(make("a"), duration::max());
  CHECK(queue.backlog() == 1us + 1h);
}

TEST_CASE("a client that waits at two levels counts once in the active weight", "[tasks]") {
  const auto weights = client_weights::parse("a=3,b=0.5");
  entry_maker make;
  fair_queue queue{&*weights};
  queue.push_back(make("a", criticality::critical), 1ms);
  auto& high = make("a", criticality::critical_plus);
  queue.push_back(high, 1ms);
  queue.push_back(make("b", criticality::sheddable), 1ms);
  CHECK(queue.active_weight(criticality::sheddable) == 3.5);
  CHECK(queue.active_weight(criticality::critical) == 3);
  queue.remove(high);
  CHECK(queue.active_weight(criticality::critical) == 3);
  CHECK(queue.active_weight(criticality::critical_plus) == 0);
}

TEST_CASE("the oldest task is found behind those that came back", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  CHECK(queue.oldest() == nullptr);
  auto& waits = make("a", criticality::sheddable, 3s);
  auto& later = make("a", criticality::sheddable, 9s);
  auto& returned = make("a", criticality::sheddable, 5s);
  auto& returned_later = make("a", criticality::sheddable, 6s);
  queue.push_back(waits, 1ms);
  queue.push_back(later, 1ms);
  queue.push_back(make("b", criticality::critical, 4s), 1ms);
  queue.push_front(returned, 1ms);
  queue.push_front(returned_later, 1ms);
  CHECK(queue.oldest() == &waits);
  queue.remove(waits);
  CHECK(queue.oldest()->record.client == "b");
  queue.remove(*queue.oldest());
  CHECK(queue.oldest() == &returned);
  queue.remove(later);
  CHECK(queue.oldest() == &returned);
}

TEST_CASE("nothing is kept of clients whose turn is past", "[tasks]") {
  entry_maker make;
  fair_queue queue;
  for (int i = 0; i < 5000; ++i)
    queue.push_back(make("client " + std::to_string(i)), 10ms);
  queue.push_back(make("stays"), 1h);
  queue.push_back(make("stays"), 1h);
  CHECK(queue.known_clients() == 5001);
  while (queue.size() > 1)
    take_front(queue);
  CHECK(queue.known_clients() <= client_flows::idle_max + 1);
  take_front(queue);
  CHECK(queue.known_clients() == 0);
}
