#include "apps/lab/models/turns.hpp"

#include "apps/lab/models/stub_process.hpp"
#include "apps/lab/models/turn_peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

constexpr std::array<std::size_t, 3> turn_users{1, 16, 64};
constexpr const char* own_name = "libagent";
constexpr const char* floor_name = "floor";

double middle_turns(std::vector<double> sample) {
  return quantiles_of(std::move(sample)).p50;
}

class turns_experiment {
public:
  turns_experiment(const lab_options& options, const turns_options& turns, std::uint16_t model_port)
      : options_{options},
        rounds_{turns.rounds > 0 ? turns.rounds : (options.quick ? 1 : 3)},
        model_port_{model_port},
        peers_{turn_peers_in(turns.peers)} {
    result_.set_config("quick", options.quick);
    result_.set_config("rounds", rounds_);
  }

  int run();

private:
  using key = std::pair<std::string, std::size_t>;  // who, with how many users

  void measure(const turn_peer& peer, std::size_t users);
  void report_one(const turn_peer& peer, std::size_t users);
  void add_aims();
  [[nodiscard]] std::vector<double> ratios(const std::string& below, std::size_t users) const;
  [[nodiscard]] std::string fastest_js(std::size_t users) const;

  const lab_options& options_;
  int rounds_;
  std::uint16_t model_port_;
  std::vector<turn_peer> peers_;
  std::map<key, std::vector<turn_figures>> seen_;
  std::set<std::string> left_out_;
  report result_{"turns"};
};

void turns_experiment::measure(const turn_peer& peer, std::size_t users) {
  if (left_out_.contains(peer.name))
    return;
  announce(fmt::format("{}, {} users", peer.name, users));
  const auto figures =
      run_turn_peer(peer, model_port_,
                    {.users = users,
                     .warm_up = std::chrono::milliseconds{options_.quick ? 500 : 1'000},
                     .measured = std::chrono::milliseconds{options_.quick ? 1'000 : 2'000}});
  if (!figures) {
    left_out_.insert(peer.name);
    return result_.add_note("Left out: " + peer.name + ". " + to_string(figures.error()));
  }
  seen_[{peer.name, users}].push_back(*figures);
}

void turns_experiment::report_one(const turn_peer& peer, std::size_t users) {
  const auto found = seen_.find({peer.name, users});
  if (found == seen_.end())
    return;
  const auto middle = [&](double turn_figures::* member) {
    std::vector<double> sample;
    for (const auto& each : found->second)
      sample.push_back(each.*member);
    return middle_turns(std::move(sample));
  };
  result_.add_row("turns: a model call, a tool call, a model call",
                  {{"who", peer.name},
                   {"users", users},
                   {"turns/s", fmt::format("{:.0f}", middle(&turn_figures::per_second))},
                   {"p50 ms", middle(&turn_figures::p50_ms)},
                   {"p99 ms", middle(&turn_figures::p99_ms)},
                   {"CPU ms/turn", middle(&turn_figures::cpu_ms)},
                   {"RSS MB", fmt::format("{:.0f}", middle(&turn_figures::resident_mb))},
                   {"what", found->second.back().what}});
}

/// Ours over somebody's, round by round: what else the machine did met both.
std::vector<double> turns_experiment::ratios(const std::string& below, std::size_t users) const {
  const auto own = seen_.find({own_name, users});
  const auto other = seen_.find({below, users});
  std::vector<double> all;
  if (own == seen_.end() || other == seen_.end())
    return all;
  for (std::size_t i = 0; i < std::min(own->second.size(), other->second.size()); ++i)
    all.push_back(own->second[i].per_second / std::max(1e-9, other->second[i].per_second));
  return all;
}

std::string turns_experiment::fastest_js(std::size_t users) const {
  std::string fastest;
  double most = 0;
  for (const auto& peer : peers_) {
    const auto found = seen_.find({peer.name, users});
    if (!peer.is_js_framework || found == seen_.end() || found->second.front().per_second <= most)
      continue;
    most = found->second.front().per_second;
    fastest = peer.name;
  }
  return fastest;
}

void turns_experiment::add_aims() {
  for (const auto users : turn_users) {
    if (const auto beside = ratios(floor_name, users); !beside.empty()) {
      result_.add_aim(fmt::format("of the floor's turns/s, {} users", users), aim_is::at_least, 0.7,
                      middle_turns(beside), "x");
    }
    const auto js = fastest_js(users);
    if (const auto beside = ratios(js, users); !beside.empty()) {
      result_.add_aim(fmt::format("of the turns/s of {}, {} users", js, users), aim_is::at_least,
                      10, middle_turns(beside), "x");
    }
  }
  const auto most = seen_.find({own_name, turn_users.back()});
  if (most != seen_.end()) {
    result_.add_aim(fmt::format("resident memory, {} users", turn_users.back()), aim_is::at_most,
                    25, most->second.back().resident_mb, "MB");
  }
}

int turns_experiment::run() {
  for (int round = 0; round < rounds_; ++round) {
    for (const auto users : turn_users) {
      for (const auto& peer : peers_)
        measure(peer, users);
    }
  }
  for (const auto users : turn_users) {
    for (const auto& peer : peers_)
      report_one(peer, users);
  }
  add_aims();
  result_.add_note(
      "Users ask again as soon as they are answered. The model server is a process of its own and "
      "does not think; it takes a share of the same cores. Middle values of the rounds. The floor "
      "has no limits, retries, deadlines, journal or streams.");
  return result_.finish(options_);
}

}  // namespace

int run_turns(const lab_options& options, const turns_options& turns) {
  const auto model = start_stub_process({});
  if (!model) {
    std::cerr << "agent-lab: " << to_string(model.error()) << '\n';
    return 1;
  }
  return turns_experiment{options, turns, model->port()}.run();
}

}  // namespace libagent::lab
