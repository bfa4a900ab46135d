#include "libagent/api/top_page.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

node_status busy_node() {
  node_status node{.node = "local", .version = "0.1.0", .uptime = 3'720s};
  dispatcher_status tasks;
  tasks.interactive = {.queued = 3, .running = 1, .executors = 2, .accepted = 1'000, .refused = 7};
  tasks.interactive.oldest_ms = 12;
  tasks.batch = {.queued = 40, .running = 2, .executors = 2, .accepted = 90, .parked = 5};
  tasks.succeeded = 900;
  tasks.refusals = {{.lane = "interactive", .reason = "queue_wait", .count = 7}};
  tasks.limits = {{.name = "batch", .current = 2, .floor = 1, .ceiling = 2, .in_flight = 2},
                  {.name = "model", .current = 9, .floor = 1, .ceiling = 256, .frozen = true}};
  tasks.slowest = {{.tool = "index_folder", .runs = 4, .mean = 1'500ms, .p90 = 2'250ms},
                   {.tool = "slow_handler",
                    .runs = 60,
                    .mean = 12'300us,
                    .p90 = 20ms,
                    .longest = 31ms,
                    .stalls = 9,
                    .moved = true}};
  node.dispatcher = tasks;
  node.memory = memory_status{.level = pressure_level::high,
                              .used_bytes = 850ULL << 20U,
                              .budget_bytes = 1000ULL << 20U,
                              .cause = pressure_cause::used};
  node.memory->actions.trims = 2;
  node.cache = cache_stats{
      .policy = "s3-fifo", .capacity_bytes = 64ULL << 20U, .entries = 12, .hits = 80, .misses = 20};
  return node;
}

std::vector<std::string> lines_of_page(const std::string& page) {
  std::istringstream in{page};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// The first line that starts like this; empty when there is none.
std::string line_starting(const std::string& page, std::string_view start) {
  const auto lines = lines_of_page(page);
  const auto found =
      std::ranges::find_if(lines, [&](const auto& line) { return line.starts_with(start); });
  return found == lines.end() ? std::string{} : *found;
}

}  // namespace

TEST_CASE("a page shows lanes with rates between two statuses", "[api]") {
  const auto before = busy_node();
  auto now = before;
  now.uptime += 2s;
  now.dispatcher->interactive.accepted += 250;
  now.dispatcher->interactive.refused += 3;
  now.dispatcher->refusals.front().count += 3;
  const auto page = render_top(now, &before, 2s, {.columns = 100}, {});
  CHECK(line_starting(page, "agent") == "agent local  0.1.0  up 1 h 02 min");
  CHECK(line_starting(page, "LANE") ==
        "LANE          QUEUED RUNNING    OLDEST ACCEPTED/s REFUSED/s THREADS NO MEMORY");
  CHECK(line_starting(page, "interactive ") ==
        "interactive        3       1   12.0 ms      125.0       1.5       2         0");
  CHECK(line_starting(page, "batch") ==
        "batch             40       2      0 us        0.0       0.0       2         5");
  CHECK(line_starting(page, "interactive queue_wait") ==
        "interactive queue_wait                  1.5           10");
}

TEST_CASE("a page without an earlier status shows rates since the start", "[api]") {
  auto now = busy_node();
  now.uptime = 100s;
  CHECK_THAT(line_starting(render_top(now, nullptr, 0s, {}, {}), "interactive "),
             Contains("      10.0"));
  // The node was started anew: its counters count from zero.
  auto before = busy_node();
  before.dispatcher->interactive.accepted = 5'000'000;
  CHECK(render_top(now, &before, 1s, {}, {}) == render_top(now, nullptr, 0s, {}, {}));
}

TEST_CASE("a page shows limits, memory, cache and the slowest tools", "[api]") {
  const auto page = render_top(busy_node(), nullptr, 0s, {.columns = 120}, {});
  CHECK(line_starting(page, "model") == "model                      0       9       1..256 frozen");
  CHECK(line_starting(page, "MEMORY") ==
        "MEMORY  high  [#################...] 85%  850.0 MiB of 1000.0 MiB, reserved 0 B, "
        "peak 0 B, because of used");
  CHECK_THAT(page, Contains("2 trimmed, 0 set back"));
  CHECK(line_starting(page, "CACHE") ==
        "CACHE   80.0% served now, 80.0% since the start; 0 B of 64.0 MiB in 12 entries (s3-fifo)");
  CHECK(line_starting(page, "index_folder") ==
        "index_folder                 1.5 s     2.2 s        4       0      0 us      ");
  CHECK(line_starting(page, "slow_handler") ==
        "slow_handler               12.3 ms   20.0 ms       60       9   31.0 ms moved");
}

TEST_CASE("a cache that nobody asked since the last page says so", "[api]") {
  const auto now = busy_node();
  CHECK_THAT(render_top(now, &now, 1s, {.columns = 120}, {}),
             Contains("CACHE   nothing asked now, 80.0% since the start"));
}

TEST_CASE("no page is wider or longer than the terminal", "[api]") {
  const auto columns = GENERATE(as<std::size_t>{}, 1, 20, 40, 60, 80, 200);
  const auto rows = GENERATE(as<std::size_t>{}, 1, 5, 12, 50);
  const auto page = render_top(busy_node(), nullptr, 0s, {.columns = columns, .rows = rows}, {});
  const auto lines = lines_of_page(page);
  CHECK(lines.size() <= rows);
  CHECK(std::ranges::all_of(lines, [&](const auto& line) { return line.size() <= columns; }));
}

TEST_CASE("a narrow page leaves out what matters less, not what matters", "[api]") {
  const auto page = render_top(busy_node(), nullptr, 0s, {.columns = 60}, {});
  CHECK(line_starting(page, "LANE") ==
        "LANE          QUEUED RUNNING    OLDEST ACCEPTED/s REFUSED/s");
  CHECK(line_starting(page, "SLOWEST") == "SLOWEST TOOLS                 MEAN       P90     RUNS");
}

TEST_CASE("colour adds escapes around the same words of a page", "[api]") {
  const auto plain = render_top(busy_node(), nullptr, 0s, {}, {});
  CHECK(plain.find('\x1b') == std::string::npos);
  auto colored = render_top(busy_node(), nullptr, 0s, {}, {.color = true});
  CHECK(colored != plain);
  for (auto at = colored.find('\x1b'); at != std::string::npos; at = colored.find('\x1b'))
    colored.erase(at, colored.find('m', at) - at + 1);
  CHECK(colored == plain);
}

TEST_CASE("what a node calls itself cannot command the terminal", "[api]") {
  auto node = busy_node();
  node.node = "evil\x1b[2J\n";
  node.dispatcher->slowest.front().tool = "tool\x1b[2J";
  const auto page = render_top(node, nullptr, 0s, {}, {});
  CHECK(page.find('\x1b') == std::string::npos);
  CHECK_THAT(page, Contains("evil?[2J?"));
}

TEST_CASE("a node whose parts do not answer is shown as far as it does", "[api]") {
  const node_status silent{.node = "local", .version = "0.1.0", .uptime = 5s};
  CHECK(render_top(silent, nullptr, 0s, {}, {}) ==
        "agent local  0.1.0  up 5 s\nthe dispatcher does not answer\n");
}
