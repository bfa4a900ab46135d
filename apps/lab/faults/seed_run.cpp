#include "apps/lab/faults/seed_run.hpp"

#include "apps/lab/faults/fault_client.hpp"
#include "apps/lab/faults/fault_shim.hpp"
#include "apps/lab/faults/fault_tools.hpp"
#include "apps/lab/faults/journal_faults.hpp"
#include "apps/lab/faults/node_under_test.hpp"
#include "apps/lab/faults/power_cut.hpp"
#include "apps/lab/faults/seed_checks.hpp"
#include "apps/lab/tcp_proxy.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace libagent::lab {

namespace {

using ms = std::chrono::milliseconds;

constexpr ms start_patience{20'000};
constexpr ms crash_point_patience{400};
constexpr ms stop_patience_max{10'000};
constexpr ms quiet_patience{30'000};

proxy_mode mode_of(passing_fault what) {
  switch (what) {
    using enum passing_fault;
    case net_cut: return proxy_mode::cut;
    case net_stalls: return proxy_mode::stall;
    case net_trickles: return proxy_mode::trickle;
    case net_half_open: return proxy_mode::half_open;
    case net_one_way: return proxy_mode::one_way;
    default: return proxy_mode::pass;
  }
}

void set_flag(const std::filesystem::path& file, bool on) {
  std::error_code ignored;
  if (on) {
    const std::ofstream made{file};
  } else {
    std::filesystem::remove(file, ignored);
  }
}

/// Something to do at a time within a round.
struct timed_step {
  time_point at;
  std::function<void(node_under_test&)> act;
};

/// One seed.
class seed_running {
public:
  seed_running(const seed_plan& plan, const seed_run_options& options)
      : plan_{plan},
        options_{options},
        folder_{options.folder / ("seed-" + std::to_string(plan.seed))} {}

  seed_outcome run();

private:
  expected<void> prepare();
  void run_round(const round_plan& round, std::size_t number);
  void live(node_under_test& node, const round_plan& round);
  void end(node_under_test& node, const round_plan& round);
  void judge_ending(const node_under_test& node, const round_plan& round);
  void disturb_journal(const round_plan& round, std::size_t number);
  void run_quietly();
  void stop_quietly(node_under_test& node);

  std::optional<node_under_test> start(const round_plan& round);
  node_command command_for(const round_plan& round) const;
  std::vector<timed_step> steps_of(const round_plan& round);
  void add_steps(std::vector<timed_step>& steps, const timed_fault& fault, time_point begin);
  bool reports_damage();
  seed_outcome conclude();

  void count(const std::string& fault) { ++outcome_.faults[fault]; }

  void trace(const std::string& what) const {
    if (options_.trace)
      std::cerr << "seed " << plan_.seed << ": " << what << '\n';
  }

  [[nodiscard]] std::filesystem::path journal() const {
    return folder_ / "data" / "tasks" / "journal.sqlite";
  }

  const seed_plan& plan_;
  const seed_run_options& options_;
  std::filesystem::path folder_;
  seed_outcome outcome_;
  std::atomic<bool> damaged_{false};
  std::atomic<bool> damage_reported_{false};
  std::unique_ptr<small_disk> disk_;
  std::unique_ptr<client_ledger> ledger_;
  std::optional<shifted_clock> clock_;
  std::chrono::minutes offset_{0};
  std::unique_ptr<tcp_proxy> proxy_;
  std::unique_ptr<fault_client> client_;
  std::unique_ptr<seed_checks> checks_;
};

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
    if (auto made = write_effect_programs(folder_ / "tools", folder_ / "effects"); !made)
      return made.error();
  }
  client_ = std::make_unique<fault_client>(
      *ledger_,
      fault_workload{.has_all_tools = !drives_agent,
                     .has_poison = plan_.has_poison && !drives_agent},
      plan_.seed);
  checks_ = std::make_unique<seed_checks>(*ledger_, folder_ / "effects",
                                          [this] { return reports_damage(); });
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

node_command seed_running::command_for(const round_plan& round) const {
  fault_plan shim{.path_part = "journal.sqlite",
                  .sync_fails_from = round.sync_fails_from,
                  .sync_fails_while = folder_ / "sync-fails",
                  .no_space_while = folder_ / "no-space",
                  .clock_file = folder_ / "clock"};
  if (round.afterwards == down_fault::power_cut) {
    shim.undo_log = folder_ / "undo.log";
    shim.skips_real_sync = true;
  }
  node_command command{.log = folder_ / "node.log"};
  command.program = {"/proc/self/exe", "fault-node"};
  if (!options_.agent.empty())
    command.program = {options_.agent.string(), "serve", "--set",
                       "tools.external=" + (folder_ / "tools").string()};
  command.environment = fault_environment(options_.shim, shim);
  const auto add = [&](const char* name, const std::string& value) {
    command.environment.emplace_back(name, value);
  };
  add("LIBAGENT_HTTP_PORT", "0");
  add("LIBAGENT_DOCUMENTS_DATA_DIR", (folder_ / "data").string());
  add("LIBAGENT_DOCUMENTS_FOLDER", (folder_ / "effects").string());
  add("LIBAGENT_JOURNAL_SYNC", plan_.sync);
  add("LIBAGENT_JOURNAL_SYNC_INTERVAL", "20ms");
  add("LIBAGENT_TASKS_WORKERS", "2");
  add("LIBAGENT_SHUTDOWN_GRACE", "300ms");
  add("FAULT_EFFECTS", (folder_ / "effects").string());
  if (!round.crash_point.empty())
    add("AGENT_CRASH_AT", round.crash_point);
  return command;
}

std::optional<node_under_test> seed_running::start(const round_plan& round) {
  ++outcome_.starts;
  auto node = node_under_test::start(command_for(round), start_patience);
  if (!node) {
    ledger_->note_problem(to_string(node.error()));
    return std::nullopt;
  }
  trace(node->has_ended() ? "ended at the start with " + to_string(node->ending()) : "serves");
  return *std::move(node);
}

void seed_running::add_steps(std::vector<timed_step>& steps, const timed_fault& fault,
                             time_point begin) {
  const auto from = begin + fault.at;
  const auto to = from + fault.length;
  const auto both = [&](std::function<void(node_under_test&)> on,
                        std::function<void(node_under_test&)> off) {
    steps.push_back({from, [this, on = std::move(on), what = fault.what](node_under_test& node) {
                       count(name_of(what));
                       trace(name_of(what));
                       on(node);
                     }});
    steps.push_back({to, std::move(off)});
  };
  switch (fault.what) {
    using enum passing_fault;
    case paused:
      return both([](node_under_test& node) { node.send_signal(SIGSTOP); },
                  [](node_under_test& node) { node.send_signal(SIGCONT); });
    case disk_full:
      if (disk_ && disk_->is_mounted())
        return both([this](node_under_test&) { disk_->fill(); },
                    [this](node_under_test&) { disk_->make_room(); });
      return both([this](node_under_test&) { set_flag(folder_ / "no-space", true); },
                  [this](node_under_test&) { set_flag(folder_ / "no-space", false); });
    case sync_fails:
      return both([this](node_under_test&) { set_flag(folder_ / "sync-fails", true); },
                  [this](node_under_test&) { set_flag(folder_ / "sync-fails", false); });
    case clock_jumps:
      return both(
          [this, jump = fault.jump](node_under_test&) {
            offset_ += jump;
            (void)clock_->set(offset_);
          },
          [](node_under_test&) {});
    default:
      return both([this, what = fault.what](
                      node_under_test&) { proxy_->set_mode(mode_of(what), {.bytes = 16}); },
                  [this](node_under_test&) { proxy_->set_mode(proxy_mode::pass); });
  }
}

std::vector<timed_step> seed_running::steps_of(const round_plan& round) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<timed_step> steps;
  for (const auto& fault : round.faults)
    add_steps(steps, fault, begin);
  std::ranges::stable_sort(steps, {}, &timed_step::at);
  return steps;
}

/// The time between start and end, with its faults.
void seed_running::live(node_under_test& node, const round_plan& round) {
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

void seed_running::end(node_under_test& node, const round_plan& round) {
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
void seed_running::judge_ending(const node_under_test& node, const round_plan& round) {
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
  ledger_->note_problem("the node ended by itself: " + to_string(how));
}

void seed_running::disturb_journal(const round_plan& round, std::size_t number) {
  const auto seed = plan_.seed * 64 + number;
  switch (round.afterwards) {
    using enum down_fault;
    case none: return;
    case garbage_tail:
      if (add_torn_tail(journal(), seed))
        count(name_of(garbage_tail));
      return;
    case bytes_changed: {
      const auto where = change_bytes(journal(), seed);
      damaged_ = true;
      trace("changed " + where);
      return count(name_of(bytes_changed));
    }
    case power_cut: {
      lab::power_cut cut{.folder = folder_ / "data", .undo_log = folder_ / "undo.log"};
      if (seed % 3 != 0)
        cut.seed = seed;
      const auto done = apply_power_cut(cut);
      if (!done)
        return ledger_->note_problem(to_string(done.error()));
      trace("power cut: " + std::to_string(done->lost) + " of " + std::to_string(done->unsynced) +
            " changes lost, " + std::to_string(done->torn) + " torn");
      return count(name_of(power_cut));
    }
  }
}

void seed_running::run_round(const round_plan& round, std::size_t number) {
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
  set_flag(folder_ / "no-space", false);
  set_flag(folder_ / "sync-fails", false);
  if (disk_)
    disk_->make_room();
  disturb_journal(round, number);
}

/// Nothing goes wrong any more: everything must end. Poison may need a few more lives.
void seed_running::run_quietly() {
  const round_plan quiet;
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
  for (const auto& op : ledger_->ops()) {
    ++outcome_.submits;
    outcome_.acknowledged += op.outcome == submit_outcome::acknowledged ? 1U : 0U;
    outcome_.unknown += op.outcome == submit_outcome::unknown ? 1U : 0U;
    outcome_.lost_in_damage += op.is_lost ? 1U : 0U;
    outcome_.set_back_by_damage += op.is_set_back ? 1U : 0U;
    if (op.end)
      ++outcome_.ends[op.end->state];
  }
  if (outcome_.problems.empty() && !options_.keep) {
    disk_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  } else {
    outcome_.folder = folder_;
    std::error_code ignored;
    if (disk_ && disk_->is_mounted())
      std::filesystem::copy(folder_ / "data", folder_ / "data-kept",
                            std::filesystem::copy_options::recursive, ignored);
  }
  return std::move(outcome_);
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

}  // namespace

seed_outcome run_seed(const seed_plan& plan, const seed_run_options& options) {
  return seed_running{plan, options}.run();
}

}  // namespace libagent::lab
