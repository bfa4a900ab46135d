#include "apps/lab/models/model_commands.hpp"

#include "apps/lab/child_program.hpp"
#include "apps/lab/models/stream_load.hpp"
#include "apps/lab/models/streams.hpp"
#include "apps/lab/models/stub_flags.hpp"
#include "apps/lab/models/turn_driving.hpp"
#include "apps/lab/models/turns.hpp"

#include <CLI/CLI.hpp>
#include <utility>

namespace libagent::lab {

struct model_commands::state {
  stub_flags stub;
  turns_options turns;
  streams_options streams;
  stream_plan plan;
  std::uint32_t interval_ms = 0;
  std::uint32_t length_ms = 0;
  turn_part_options part;
  std::uint32_t measured_ms = 2'000;
  std::uint32_t warm_up_ms = 500;

  [[nodiscard]] int run_part() {
    part.setup.users = part.run.users;
    part.run.measured = std::chrono::milliseconds{measured_ms};
    part.run.warm_up = std::chrono::milliseconds{warm_up_ms};
    return run_turn_part(part);
  }

  [[nodiscard]] int run_load() {
    plan.interval = std::chrono::milliseconds{interval_ms};
    plan.length = std::chrono::milliseconds{length_ms};
    tell_parent(to_json_line(run_stream_load(plan)));
    return 0;
  }

  void add_experiments(CLI::App& app, const lab_options& common,
                       const std::function<void(CLI::App*)>& add_common,
                       const std::function<void(std::function<int()>)>& choose);
  void add_parts(CLI::App& app, const std::function<void(std::function<int()>)>& choose);
};

void model_commands::state::add_experiments(
    CLI::App& app, const lab_options& common, const std::function<void(CLI::App*)>& add_common,
    const std::function<void(std::function<int()>)>& choose) {
  auto* const turns_command = app.add_subcommand(
      "turns", "Turns of an agent beside a bare loop and what others use: rate, latency, memory");
  add_common(turns_command);
  turns_command->add_option("--peers", turns.peers, "Folder of the peers; empty: without")
      ->capture_default_str();
  turns_command->add_option("--rounds", turns.rounds, "Of everything, in turns")
      ->check(CLI::Range(0, 100));
  turns_command->callback(
      [this, &common, choose] { choose([this, &common] { return run_turns(common, turns); }); });

  auto* const streams_command = app.add_subcommand(
      "streams", "What the OpenAI-compatible door adds to a model server's streams");
  add_common(streams_command);
  streams_command->add_option("--agent", streams.agent, "The agent to measure");
  streams_command->callback([this, &common, choose] {
    choose([this, &common] { return run_streams(common, streams); });
  });
}

/// What the experiments start; the first takes its words in the order in which peers take them.
void model_commands::state::add_parts(CLI::App& app,
                                      const std::function<void(std::function<int()>)>& choose) {
  auto* const turn_part = app.add_subcommand("turn-part", "")->group("");
  turn_part->add_option("contestant", part.contestant)->required();
  turn_part->add_option("port", part.setup.model_port)->required();
  turn_part->add_option("users", part.run.users)->required()->check(CLI::Range(1, 100'000));
  turn_part->add_option("measured", measured_ms)->required();
  turn_part->add_option("warm-up", warm_up_ms)->required();
  turn_part->callback([this, choose] { choose([this] { return run_part(); }); });

  auto* const load_part = app.add_subcommand("stream-load", "")->group("");
  load_part->add_option("port", plan.port)->required();
  load_part->add_option("model", plan.model)->required();
  load_part->add_option("users", plan.users)->required()->check(CLI::Range(1, 100'000));
  load_part->add_option("interval", interval_ms)->required();
  load_part->add_option("length", length_ms)->required();
  load_part->callback([this, choose] { choose([this] { return run_load(); }); });
}

model_commands::model_commands() : state_{std::make_unique<state>()} {}

model_commands::~model_commands() = default;

void model_commands::add_to(CLI::App& app, const lab_options& common,
                            const std::function<void(CLI::App*)>& add_common,
                            const std::function<void(std::function<int()>)>& choose) {
  auto* const server = app.add_subcommand(
      "model-server", "An OpenAI-compatible model server without a model, with declared load");
  state_->stub.add_to(*server);
  server->callback([this, choose] { choose([this] { return run_model_server(state_->stub); }); });
  state_->add_experiments(app, common, add_common, choose);
  state_->add_parts(app, choose);
}

}  // namespace libagent::lab
