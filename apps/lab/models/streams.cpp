#include "apps/lab/models/streams.hpp"

#include "apps/lab/io_memory.hpp"
#include "apps/lab/models/door_process.hpp"
#include "apps/lab/models/stream_load.hpp"
#include "apps/lab/models/stub_process.hpp"
#include "apps/lab/overhead_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <system_error>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

constexpr std::array<std::size_t, 3> stream_users{1, 16, 64};
constexpr std::size_t streams_at_once = 2'000;
// A stream takes 150 ms, and each user begins one every 250 ms.
constexpr const char* paced_load = "stub,think_ms=50,tokens=20,gap_ms=5";
constexpr double paced_think_ms = 50;
constexpr std::chrono::milliseconds paced_interval{250};
constexpr const char* burst_load = "stub,tokens=2000";
constexpr const char* slow_load = "stub,think_ms=100,tokens=16,gap_ms=40";

std::filesystem::path agent_of(const streams_options& streams) {
  std::error_code failed;
  if (!streams.agent.empty())
    return std::filesystem::absolute(streams.agent, failed);
  return std::filesystem::read_symlink("/proc/self/exe", failed).parent_path() / "agent";
}

double middle_stream(std::vector<double> sample) {
  return quantiles_of(std::move(sample)).p50;
}

/// The stub called directly, and through the door under the agent's name.
struct two_ways {
  stream_figures direct;
  stream_figures door;
};

class streams_experiment {
public:
  streams_experiment(const lab_options& options, const node_under_test& model,
                     const door_process& door)
      : options_{options}, model_{model}, door_{door} {
    result_.set_config("quick", options.quick);
  }

  int run();

private:
  expected<void> measure_first_tokens(std::size_t users);
  expected<void> measure_rate();
  expected<void> measure_many();
  [[nodiscard]] expected<two_ways> both_ways(const stream_plan& plan, const char* load,
                                             const char* agent);

  [[nodiscard]] double door_cpu() const { return cpu_seconds_of(door_.node().pid()); }

  const lab_options& options_;
  const node_under_test& model_;
  const door_process& door_;
  report result_{"streams"};
};

expected<stream_figures> good_load(const stream_plan& plan) {
  auto seen = start_stream_load(plan);
  if (seen && seen->failed > 0) {
    return error{errc::unavailable,
                 fmt::format("ask {} for streams: {} of {} failed, the last: {}", plan.model,
                             seen->failed, seen->failed + seen->streams, seen->failure)};
  }
  return seen;
}

expected<two_ways> streams_experiment::both_ways(const stream_plan& plan, const char* load,
                                                 const char* agent) {
  auto direct_plan = plan;
  direct_plan.port = model_.port();
  direct_plan.model = load;
  auto direct = good_load(direct_plan);
  if (!direct)
    return direct.error();
  auto door_plan = plan;
  door_plan.port = door_.node().port();
  door_plan.model = std::string{"agent:"} + agent;
  auto door = good_load(door_plan);
  if (!door)
    return door.error();
  return two_ways{*std::move(direct), *std::move(door)};
}

expected<void> streams_experiment::measure_first_tokens(std::size_t users) {
  const int rounds = options_.quick ? 1 : 5;
  // As many samples with few users as with many, within reason.
  const std::chrono::milliseconds length{options_.quick ? 2'000 : (users == 1 ? 8'000 : 4'000)};
  std::vector<double> added_p50;
  std::vector<double> added_p99;
  for (int round = 1; round <= rounds; ++round) {
    announce(fmt::format("first token, {} users, round {}", users, round));
    const auto seen = both_ways({.users = users, .interval = paced_interval, .length = length},
                                paced_load, "paced");
    if (!seen)
      return seen.error();
    added_p50.push_back(seen->door.first_p50_ms - seen->direct.first_p50_ms);
    added_p99.push_back(seen->door.first_p99_ms - seen->direct.first_p99_ms);
    result_.add_row("time to the first token, beyond the 50 ms that the model thinks",
                    {{"users", users},
                     {"round", round},
                     {"streams", seen->door.streams},
                     {"direct p50 ms", seen->direct.first_p50_ms - paced_think_ms},
                     {"door p50", seen->door.first_p50_ms - paced_think_ms},
                     {"added", added_p50.back()},
                     {"direct p99", seen->direct.first_p99_ms - paced_think_ms},
                     {"door p99", seen->door.first_p99_ms - paced_think_ms},
                     {"added ", added_p99.back()}});
  }
  result_.add_aim(fmt::format("added to the first token, p50, {} users", users), aim_is::at_most, 1,
                  middle_stream(added_p50), "ms");
  result_.add_aim(fmt::format("added to the first token, p99, {} users", users), aim_is::at_most, 3,
                  middle_stream(added_p99), "ms");
  return {};
}

/// As fast as it goes; what counts is the node's own CPU time.
expected<void> streams_experiment::measure_rate() {
  for (const std::size_t users : {std::size_t{1}, std::size_t{16}}) {
    announce(fmt::format("tokens a second, {} users", users));
    const std::chrono::milliseconds length{options_.quick ? 1'000 : 3'000};
    const auto before = door_cpu();
    const auto seen = both_ways({.users = users, .length = length}, burst_load, "burst");
    if (!seen)
      return seen.error();
    const auto cpu = std::max(1e-3, door_cpu() - before);
    const auto tokens = static_cast<double>(seen->door.tokens);
    result_.add_row(
        "streams of 2,000 tokens, one after the other",
        {{"users", users},
         {"direct tokens/s",
          fmt::format("{:.0f}", static_cast<double>(seen->direct.tokens) / seen->direct.wall_s)},
         {"door tokens/s", fmt::format("{:.0f}", tokens / seen->door.wall_s)},
         {"tokens/s of a core", fmt::format("{:.0f}", tokens / cpu)},
         {"CPU us/token", cpu / tokens * 1e6}});
  }
  return {};
}

expected<void> streams_experiment::measure_many() {
  announce("2,000 streams at once");
  const auto idle = resident_bytes(door_.node().pid());
  for (int round = 1; round <= (options_.quick ? 1 : 3); ++round) {
    const auto before = door_cpu();
    const auto seen = both_ways({.users = streams_at_once, .length = std::chrono::milliseconds{0}},
                                slow_load, "slow");
    if (!seen)
      return seen.error();
    const auto peak = peak_bytes_of(std::to_string(door_.node().pid()));
    result_.add_row("2,000 streams of 700 ms at once",
                    {{"round", round},
                     {"direct wall s", seen->direct.wall_s},
                     {"door wall s", seen->door.wall_s},
                     {"door CPU s", door_cpu() - before},
                     {"first token p50 ms", seen->door.first_p50_ms},
                     {"p99", seen->door.first_p99_ms},
                     {"RSS before MB", static_cast<double>(idle) / 1e6},
                     {"peak RSS MB", static_cast<double>(peak) / 1e6},
                     {"client CPU s", seen->door.own_cpu_s}});
  }
  return {};
}

int streams_experiment::run() {
  const auto measured = [&]() -> expected<void> {
    for (const auto users : stream_users) {
      if (auto done = measure_first_tokens(users); !done)
        return done;
    }
    if (auto done = measure_rate(); !done)
      return done;
    return measure_many();
  }();
  result_.add_note(
      "Node, model server and client are processes of their own on the same cores. Each user "
      "begins "
      "a stream every 250 ms, whether or not the one before is done, and times count from when it "
      "was meant to begin; both ways in turns, and the aims are about the middle round.");
  if (!measured)
    result_.add_note("Not all was measured. " + to_string(measured.error()));
  const int code = result_.finish(options_);
  return measured ? code : 1;
}

}  // namespace

int run_streams(const lab_options& options, const streams_options& streams) {
  const auto fail = [](const error& why) {
    std::cerr << "agent-lab: " << to_string(why) << '\n';
    return 1;
  };
  const auto model = start_stub_process({});
  if (!model)
    return fail(model.error());
  const auto door = door_process::start({.program = agent_of(streams),
                                         .model_port = model->port(),
                                         .agents = {{.name = "paced", .model = paced_load},
                                                    {.name = "burst", .model = burst_load},
                                                    {.name = "slow", .model = slow_load}}});
  if (!door)
    return fail(door.error());
  return streams_experiment{options, *model, **door}.run();
}

}  // namespace libagent::lab
