#include "apps/lab/faults/seed_run.hpp"

#include "apps/lab/faults/fault_tools.hpp"
#include "apps/lab/faults/seed_running.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

namespace libagent::lab {

namespace {

using ms = std::chrono::milliseconds;

constexpr ms start_patience{20'000};
constexpr ms crash_point_patience{400};
constexpr ms stop_patience_max{10'000};
constexpr ms quiet_patience{30'000};

}  // namespace

expected<void> seed_running::prepare() {
  std::error_code failed;
  std::filesystem::remove_all(folder_, failed);
  for (const auto* each : {"data", "effects"})
    std::filesystem::create_directories(folder_ / each, failed);
  if (failed)
    return error{errc::io_failed, "make " + folder_.string() + ": " + failed.message()};
  if (plan_.small_disk)
    disk_ = std::make_unique<small_disk>(folder_ / "data");
  auto ledger = client_ledger::open(folder_ / "ledger.jsonl", [this] { return reports_damage(); });
  if (!ledger)
    return ledger.error();
  ledger_ = *std::move(ledger);
  auto clock = shifted_clock::make(folder_ / "clock");
  if (!clock)
    return clock.error();
  clock_.emplace(*std::move(clock));
  auto proxy = tcp_proxy::start(1);
  if (!proxy)
    return proxy.error();
  proxy_ = *std::move(proxy);
  const bool drives_agent = !options_.agent.empty();
  if (drives_agent) {
    if (auto made = prepare_agent(); !made)
      return made.error();
  }
  client_ = std::make_unique<fault_client>(
      *ledger_,
      fault_workload{.has_all_tools = !drives_agent,
                     .has_agent = model_ != nullptr,
                     .has_poison = plan_.has_poison && !drives_agent},
      plan_.seed);
  checks_ = std::make_unique<seed_checks>(*ledger_, folder_ / "effects",
                                          [this] { return reports_damage(); });
  return {};
}

/// What only an `agent` has: programs as tools, and an agent on a model server.
expected<void> seed_running::prepare_agent() {
  if (auto made = write_effect_programs(folder_ / "tools", folder_ / "effects"); !made)
    return made.error();
  auto model = model_under_fault::start(folder_, plan_);
  if (!model)
    return model.error();
  model_ = *std::move(model);
  return {};
}

/// Only damage that was done may be reported.
bool seed_running::reports_damage() {
  if (!damaged_ || damage_reported_)
    return damage_reported_;
  std::ifstream in{folder_ / "node.log"};
  const std::string log{std::istreambuf_iterator<char>{in}, {}};
  damage_reported_ = log.find("journal.damaged") != std::string::npos;
  return damage_reported_;
}

std::optional<node_under_test> seed_running::start(const seed_round& round) {
  ++outcome_.starts;
  auto node = node_under_test::start(command_for(round), start_patience);
  if (!node) {
    ledger_->note_problem(to_string(node.error()));
    return std::nullopt;
  }
  trace(node->has_ended() ? "ended at the start with " + to_string(node->ending()) : "serves");
  return *std::move(node);
}

/// The time between start and end, with its faults.
void seed_running::live(node_under_test& node, const seed_round& round) {
  const auto until = std::chrono::steady_clock::now() + round.length;
  client_->begin_round(proxy_->port(), round.ops);
  auto steps = steps_of(round);
  auto next = steps.begin();
  for (; next != steps.end() && next->at < until && !node.wait_end(next->at); ++next)
    next->act(node);
  (void)node.wait_end(until);
  if (node.has_ended() || round.ending != round_ending::killed) {
    // What began ends, or a paused process would hear no signal.
    for (; next != steps.end(); ++next)
      next->act(node);
  }
}

void seed_running::end(node_under_test& node, const seed_round& round) {
  const auto now = std::chrono::steady_clock::now();
  switch (round.ending) {
    using enum round_ending;
    case killed: break;
    case at_crash_point: (void)node.wait_end(now + crash_point_patience); break;
    case terminated:
    case terminated_twice:
      if (node.has_ended())
        break;
      node.send_signal(SIGTERM);
      if (round.ending == terminated_twice && !node.wait_end(now + ms{30}))
        node.send_signal(SIGTERM);
      if (!node.wait_end(now + stop_patience_max))
        ledger_->note_problem("it was told to end and goes on");
  }
  judge_ending(node, round);
  if (!node.has_ended()) {
    node.send_signal(SIGKILL);
    count(name_of(round_ending::killed));
    (void)node.wait_end(now + 2 * stop_patience_max);
  }
}

/// Whether it ended in a way that the round explains.
void seed_running::judge_ending(const node_under_test& node, const seed_round& round) {
  if (!node.has_ended())
    return;
  const auto& how = node.ending();
  trace("ended with " + to_string(how));
  const bool is_stopped =
      round.ending == round_ending::terminated || round.ending == round_ending::terminated_twice;
  if (how.signal == SIGKILL && !round.crash_point.empty())
    return count("crash point " + round.crash_point.substr(0, round.crash_point.find(':')));
  if (how.signal == SIGSEGV && plan_.has_poison)
    return count("crash of a task");
  if (is_stopped && how.exit_code == 0)
    return count(name_of(round.ending));
  // A journal whose opening cannot be synced is not opened.
  if (round.sync_fails_from > 0 && node.port() == 0 && how.exit_code == 1)
    return count("start refused");
  ledger_->note_problem("the node ended by itself: " + to_string(how));
}

void seed_running::run_round(const seed_round& round, std::size_t number) {
  auto node = start(round);
  if (!node)
    return;
  if (round.sync_fails_from > 0)
    count(name_of(passing_fault::sync_fails));
  proxy_->set_server_port(node->port());
  if (node->has_ended()) {
    judge_ending(*node, round);
  } else {
    // A connection ends a little earlier than the process that is seen to end.
    checks_->check_all_known(node->port(), [&node] {
      return !node->wait_end(std::chrono::steady_clock::now() + ms{2'000});
    });
    live(*node, round);
    end(*node, round);
    client_->end_round();
  }
  proxy_->set_mode(proxy_mode::pass);
  if (model_)
    model_->network().set_mode(proxy_mode::pass);
  set_flag(folder_ / "no-space", false);
  set_flag(folder_ / "sync-fails", false);
  if (disk_)
    disk_->make_room();
  disturb_journal(round, number);
}

/// Nothing goes wrong any more: everything must end. Poison may need a few more lives.
void seed_running::run_quietly() {
  const seed_round quiet;
  for (int lives = 0; lives < 6; ++lives) {
    auto node = start(quiet);
    if (!node)
      return;
    const auto is_alive = [&node] { return !node->wait_end(std::chrono::steady_clock::now()); };
    if (node->has_ended()) {
      judge_ending(*node, quiet);
      continue;
    }
    checks_->check_all_known(node->port(), is_alive);
    client_->send_unanswered_again(node->port());
    if (plan_.has_poison && node->wait_end(std::chrono::steady_clock::now() + ms{300})) {
      judge_ending(*node, quiet);
      continue;
    }
    checks_->wait_for_all_ends(node->port(), is_alive, quiet_patience);
    if (!is_alive())
      return judge_ending(*node, quiet);
    checks_->check_effects(node->port());
    return stop_quietly(*node);
  }
  ledger_->note_problem("it does not stay up");
}

/// After an orderly end, all must still be as it was told.
void seed_running::stop_quietly(node_under_test& node) {
  const auto end_of = [&](node_under_test& one) {
    one.send_signal(SIGTERM);
    if (!one.wait_end(std::chrono::steady_clock::now() + stop_patience_max) ||
        one.ending().exit_code != 0)
      ledger_->note_problem("it does not end well when nothing is to be done");
  };
  end_of(node);
  auto again = start({});
  if (!again || again->has_ended())
    return ledger_->note_problem("it does not start after an orderly end");
  checks_->check_all_known(again->port(), [] { return true; });
  end_of(*again);
}

seed_outcome seed_running::conclude() {
  outcome_.problems = ledger_->problems();
  if (model_)
    outcome_.faults.merge(model_->faults());
  for (const auto& op : ledger_->ops()) {
    ++outcome_.submits;
    outcome_.acknowledged += op.outcome == submit_outcome::acknowledged ? 1U : 0U;
    outcome_.unknown += op.outcome == submit_outcome::unknown ? 1U : 0U;
    outcome_.lost_in_damage += op.is_lost ? 1U : 0U;
    outcome_.set_back_by_damage += op.is_set_back ? 1U : 0U;
    if (op.end)
      ++outcome_.ends[op.end->state];
  }
  leave_folder();
  return std::move(outcome_);
}

/// Removes it, or keeps it for a look, with what was on a disk of its own.
void seed_running::leave_folder() {
  if (outcome_.problems.empty() && !options_.keep) {
    disk_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  } else {
    outcome_.folder = folder_;
    std::error_code ignored;
    if (disk_ && disk_->is_mounted()) {
      std::filesystem::copy(folder_ / "data", folder_ / "data-kept",
                            std::filesystem::copy_options::recursive, ignored);
    }
  }
}

seed_outcome seed_running::run() {
  if (auto ready = prepare(); !ready) {
    outcome_.problems.push_back(to_string(ready.error()));
    return std::move(outcome_);
  }
  for (std::size_t i = 0; i < plan_.rounds.size() && ledger_->problems().empty(); ++i)
    run_round(plan_.rounds[i], i);
  if (ledger_->problems().empty())
    run_quietly();
  return conclude();
}

seed_outcome run_seed(const seed_plan& plan, const seed_run_options& options) {
  return seed_running{plan, options}.run();
}

}  // namespace libagent::lab
