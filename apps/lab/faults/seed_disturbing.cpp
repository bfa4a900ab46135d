// What goes wrong for a node: how it is started, what happens while it runs, and while it is down.

#include "apps/lab/faults/power_cut.hpp"
#include "apps/lab/faults/seed_running.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <system_error>
#include <utility>

namespace libagent::lab {

namespace {

using ms = std::chrono::milliseconds;

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

}  // namespace

void set_flag(const std::filesystem::path& file, bool on) {
  std::error_code ignored;
  if (on) {
    const std::ofstream made{file};
  } else {
    std::filesystem::remove(file, ignored);
  }
}

node_command seed_running::command_for(const seed_round& round) const {
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
  if (!options_.agent.empty()) {
    command.program = {options_.agent.string(), "serve", "--set",
                       "tools.external=" + (folder_ / "tools").string()};
  }
  command.environment = fault_environment(options_.shim, shim);
  const auto add = [&](const char* name, const std::string& value) {
    command.environment.emplace_back(name, value);
  };
  add("LIBAGENT_HTTP_PORT", "0");
  add("LIBAGENT_DOCUMENTS_DATA_DIR", (folder_ / "data").string());
  add("LIBAGENT_DOCUMENTS_FOLDER", (folder_ / "effects").string());
  add("LIBAGENT_JOURNAL_SYNC", plan_.sync);
  add("LIBAGENT_JOURNAL_SYNC_INTERVAL", "20ms");
  add("LIBAGENT_JOURNAL_KEY_RETENTION", "90d");  // Beyond all jumps of the clock.
  add("LIBAGENT_TASKS_WORKERS", "2");
  add("LIBAGENT_SHUTDOWN_GRACE", "300ms");
  add("FAULT_EFFECTS", (folder_ / "effects").string());
  if (model_) {
    for (auto& each : model_->environment())
      command.environment.push_back(std::move(each));
  }
  if (!round.crash_point.empty())
    add("AGENT_CRASH_AT", round.crash_point);
  return command;
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
      if (disk_ && disk_->is_mounted()) {
        return both([this](node_under_test&) { disk_->fill(); },
                    [this](node_under_test&) { disk_->make_room(); });
      }
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

void seed_running::add_model_steps(std::vector<timed_step>& steps, const timed_fault& fault,
                                   time_point begin) {
  if (!model_)
    return;
  steps.push_back({begin + fault.at, [this, what = fault.what](node_under_test&) {
                     count("to the model: " + name_of(what));
                     trace("to the model: " + name_of(what));
                     model_->network().set_mode(mode_of(what), {.bytes = 16});
                   }});
  steps.push_back({begin + fault.at + fault.length,
                   [this](node_under_test&) { model_->network().set_mode(proxy_mode::pass); }});
}

std::vector<timed_step> seed_running::steps_of(const seed_round& round) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<timed_step> steps;
  for (const auto& fault : round.faults)
    add_steps(steps, fault, begin);
  for (const auto& fault : round.model_faults)
    add_model_steps(steps, fault, begin);
  std::ranges::stable_sort(steps, {}, &timed_step::at);
  return steps;
}

void seed_running::disturb_journal(const seed_round& round, std::size_t number) {
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

}  // namespace libagent::lab
