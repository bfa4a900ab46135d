#include "actors/bridge/directory.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/cache_route.hpp"
#include "actors/node.hpp"
#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

struct squared_number {
  std::int64_t value = 0;
};

template <class Inspector>
bool inspect(Inspector& f, squared_number& x) {
  return record(f, x, "squared_number", field("value", "A number.", x.value));
}

constexpr int asking_threads = 6;
constexpr int distinct_numbers = 20;

/// A node with a cache of two shards and a tool that counts its runs.
class cache_stress {
public:
  cache_stress() {
    auto tools = std::make_shared<tool_registry>();
    REQUIRE(tools->add({.name = "square",
                        .description = "Squares a number.",
                        .tool_effects = effects::pure,
                        .cache_ttl = 1h},
                       [this](const squared_number& in) {
                         runs.fetch_add(1);
                         return squared_number{in.value * in.value};
                       }));
    auto started = actors::node::start(
        {.handlers = 3, .blocking = 1, .workers = 1, .pool_threads = 3, .cache_shards = 2}, tools,
        {});
    REQUIRE(started);
    node = *std::move(started);
  }

  /// Asks from several threads at once; returns how many answers were not the square.
  int ask_from_all_threads(int asks_each) {
    std::atomic<int> wrong{0};
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < asking_threads; ++thread) {
      threads.emplace_back([this, asks_each, thread, &wrong] {
        seeded_random random{static_cast<std::uint64_t>(thread)};
        for (int i = 0; i < asks_each; ++i)
          wrong += is_squared(static_cast<std::int64_t>(random() % distinct_numbers)) ? 0 : 1;
      });
    }
    threads.clear();
    return wrong;
  }

  std::atomic<int> runs{0};
  std::unique_ptr<actors::node> node;

private:
  [[nodiscard]] bool is_squared(std::int64_t number) const {
    const auto ended =
        node->client().run({.target = "square",
                            .arguments = {R"({"value":)" + std::to_string(number) + "}"},
                            .timeout = 60s});
    const auto wanted = R"({"value":)" + std::to_string(number * number) + "}";
    return ended && ended->result && ended->result->text == wanted;
  }
};

}  // namespace

TEST_CASE_METHOD(cache_stress, "equal calls from many threads run once", "[stress]") {
  CHECK(ask_from_all_threads(100) == 0);
  CHECK(runs == distinct_numbers);
}

TEST_CASE_METHOD(cache_stress, "shards that are killed under load cost runs, not answers",
                 "[stress]") {
  std::atomic<bool> over{false};
  std::jthread killer{[this, &over] {
    for (std::uint32_t round = 0; round < 4 && !over; ++round) {
      const auto path = actors::cache_route::path_of(round % 2);
      const auto victim = actors::find<caf::actor>(node->system(), path);
      actors::urgent_exit(victim, caf::exit_reason::kill);
      // The next victim only when this one was replaced.
      while (!over && actors::find<caf::actor>(node->system(), path) == victim)
        std::this_thread::yield();
    }
  }};
  CHECK(ask_from_all_threads(100) == 0);
  over = true;
}
