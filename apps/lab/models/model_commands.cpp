#include "apps/lab/models/model_commands.hpp"

#include "apps/lab/models/stub_flags.hpp"
#include "apps/lab/models/turn_driving.hpp"
#include "apps/lab/models/turns.hpp"

#include <CLI/CLI.hpp>
#include <utility>

namespace libagent::lab {

struct model_commands::state {
  stub_flags stub;
  turns_options turns;
  turn_part_options part;
  std::uint32_t measured_ms = 2'000;
  std::uint32_t warm_up_ms = 500;

  [[nodiscard]] int run_part() {
    part.setup.users = part.run.users;
    part.run.measured = std::chrono::milliseconds{measured_ms};
    part.run.warm_up = std::chrono::milliseconds{warm_up_ms};
    return run_turn_part(part);
  }
};

model_commands::model_commands() : state_{std::make_unique<state>()} {}

model_commands::~model_commands() = default;

void model_commands::add_to(CLI::App& app, const lab_options& common,
                            const std::function<void(CLI::App*)>& add_common,
                            std::function<void(std::function<int()>)> choose) {
  auto* const server = app.add_subcommand(
      "model-server", "An OpenAI-compatible model server without a model, with declared load");
  state_->stub.add_to(*server);
  server->callback([this, choose] { choose([this] { return run_model_server(state_->stub); }); });

  auto* const turns = app.add_subcommand(
      "turns", "Turns of an agent beside a bare loop and what others use: rate, latency, memory");
  add_common(turns);
  turns->add_option("--peers", state_->turns.peers, "Folder of the peers; empty: without")
      ->capture_default_str();
  turns->add_option("--rounds", state_->turns.rounds, "Of everything, in turns")
      ->check(CLI::Range(0, 100));
  turns->callback([this, &common, choose] {
    choose([this, &common] { return run_turns(common, state_->turns); });
  });

  // What `turns` starts; in the order in which peers take the same.
  auto* const part = app.add_subcommand("turn-part", "")->group("");
  part->add_option("contestant", state_->part.contestant)->required();
  part->add_option("port", state_->part.setup.model_port)->required();
  part->add_option("users", state_->part.run.users)->required()->check(CLI::Range(1, 100'000));
  part->add_option("measured", state_->measured_ms)->required();
  part->add_option("warm-up", state_->warm_up_ms)->required();
  part->callback([this, choose] { choose([this] { return state_->run_part(); }); });
}

}  // namespace libagent::lab
