#include "apps/lab/journal.hpp"

#include "apps/lab/journal_bare.hpp"
#include "apps/lab/journal_node.hpp"
#include "apps/lab/store_runs.hpp"
#include "libagent/adapters/sqlite_journal.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace libagent::lab {

namespace {

constexpr std::size_t growth_body_bytes = 4'096;
constexpr std::size_t resumed_tasks = 10'000;
constexpr std::chrono::milliseconds sync_interval{100};
constexpr unix_millis lab_time = 1'700'000'000'000;

journal_write accepted(std::uint64_t number, std::shared_ptr<const std::string> body) {
  const auto at = lab_time + static_cast<unix_millis>(number);
  return write_accepted{{.id = make_task_id(at, number, ~number),
                         .target = "some_tool",
                         .arguments = std::move(body),
                         .accepted_at = at,
                         .deadline = at + 60'000,
                         .client = "somebody"}};
}

/// What is compared: so many tasks with bodies of such a size for each commit.
struct commit_shape {
  journal_sync sync = journal_sync::group;
  std::size_t group = 1;
  std::size_t body_bytes = 256;
};

class journal_experiment {
public:
  journal_experiment(const lab_options& options, const journal_options& journal)
      : options_{options}, folder_{journal.folder} {
    result_.set_config("quick", options.quick);
  }

  int run();

private:
  void compare(const commit_shape& shape);
  double journal_rate(const commit_shape& shape);
  double bare_rate(const commit_shape& shape);
  void measure_growth();
  void measure_resume();
  void measure_node();

  [[nodiscard]] std::chrono::duration<double> round_length() const {
    return std::chrono::duration<double>{options_.quick ? 0.1 : 1.0};
  }

  const lab_options& options_;
  lab_folder folder_;
  report result_{"journal"};
};

double journal_experiment::journal_rate(const commit_shape& shape) {
  const auto kept =
      value_or_trouble(open_sqlite_journal({.file = folder_.next(), .sync = shape.sync}));
  const auto body = std::make_shared<const std::string>(shape.body_bytes, 'b');
  std::vector<journal_write> writes(shape.group);
  std::uint64_t number = 0;
  auto synced_at = std::chrono::steady_clock::now();
  return rate_of(round_length(), shape.group, [&] {
    for (auto& write : writes)
      write = accepted(++number, body);
    done_or_trouble(kept->commit(writes));
    if (shape.sync == journal_sync::interval &&
        std::chrono::steady_clock::now() - synced_at >= sync_interval) {
      done_or_trouble(kept->sync());
      synced_at = std::chrono::steady_clock::now();
    }
  });
}

double journal_experiment::bare_rate(const commit_shape& shape) {
  auto loop = value_or_trouble(bare_insert_loop::open(folder_.next(), shape.sync));
  const std::string body(shape.body_bytes, 'b');
  return rate_of(round_length(), shape.group,
                 [&] { done_or_trouble(loop.insert(body, shape.group)); });
}

void journal_experiment::compare(const commit_shape& shape) {
  announce(fmt::format("{} sync, {} tasks of {} bytes in a commit", name_of(shape.sync),
                       shape.group, shape.body_bytes));
  std::vector<double> journal;
  std::vector<double> bare;
  // In turns: what else the machine does meets both.
  for (int round = 0; round < (options_.quick ? 1 : 3); ++round) {
    journal.push_back(journal_rate(shape));
    bare.push_back(bare_rate(shape));
  }
  const auto ratio = middle_of(journal) / middle_of(bare);
  result_.add_row("durable submits by the journal beside a bare insert loop",
                  {{"sync", std::string{name_of(shape.sync)}},
                   {"body bytes", shape.body_bytes},
                   {"tasks in a commit", shape.group},
                   {"journal tasks/s", fmt::format("{:.0f}", middle_of(journal))},
                   {"us/task", fmt::format("{:.1f}", 1e6 / middle_of(journal))},
                   {"bare tasks/s", fmt::format("{:.0f}", middle_of(bare))},
                   {"of bare", fmt::format("{:.2f}", ratio)}});
  if (shape.sync == journal_sync::group && shape.group > 1) {
    result_.add_aim(fmt::format("of the bare loop's rate, {} tasks of {} bytes in a commit",
                                shape.group, shape.body_bytes),
                    aim_is::at_least, 0.5, ratio, "x");
  }
}

void journal_experiment::measure_growth() {
  announce("growth");
  const std::size_t tasks = options_.quick ? 4'000 : 40'000;
  constexpr std::size_t in_a_commit = 100;
  const auto kept =
      value_or_trouble(open_sqlite_journal({.file = folder_.next(), .sync = journal_sync::none}));
  const auto body = std::make_shared<const std::string>(growth_body_bytes, 'b');
  const journal_state ended{.state = task_state::succeeded,
                            .attempt = 1,
                            .started_at = lab_time,
                            .ended_at = lab_time,
                            .result = raw_json{R"({"sum":3})"}};
  double ratio = 0;
  for (std::size_t i = 0; i < tasks; i += in_a_commit) {
    std::vector<journal_write> writes;
    for (auto number = i + 1; number <= i + in_a_commit; ++number) {
      writes.push_back(accepted(number, body));
      writes.emplace_back(write_state{std::get<write_accepted>(writes.back()).task.id, ended});
    }
    done_or_trouble(kept->commit(writes));
    const auto so_far = i + in_a_commit;
    if (so_far % (tasks / 4) != 0)
      continue;
    const auto bytes = kept->stats().file_bytes;
    ratio = static_cast<double>(bytes) / static_cast<double>(so_far * growth_body_bytes);
    result_.add_row("growth, with 4 KB bodies, each with a state and a short result",
                    {{"tasks", so_far},
                     {"bodies MB", static_cast<double>(so_far * growth_body_bytes) / 1e6},
                     {"file with log MB", static_cast<double>(bytes) / 1e6},
                     {"ratio", fmt::format("{:.3f}", ratio)}});
  }
  result_.add_aim("file with its log over the bodies", aim_is::at_most, 1.2, ratio, "x");
}

void journal_experiment::measure_resume() {
  announce("resume");
  const auto file = folder_.next();
  const auto body = std::make_shared<const std::string>(1'024, 'b');
  {
    const auto kept = value_or_trouble(open_sqlite_journal({.file = file}));
    std::vector<journal_write> writes;
    for (std::uint64_t number = 1; number <= resumed_tasks; ++number)
      writes.push_back(accepted(number, body));
    done_or_trouble(kept->commit(writes));
  }
  journal_contents found;
  const auto seconds = seconds_of([&] {
    found = value_or_trouble(value_or_trouble(open_sqlite_journal({.file = file}))->load());
  });
  if (found.tasks.size() != resumed_tasks || !found.damage.empty())
    throw store_trouble{{errc::internal, "load: not the tasks that were accepted"}};
  result_.add_aim("opening and loading 10,000 queued tasks of 1 KB", aim_is::at_most, 2, seconds,
                  "s");
}

/// The same through a node, to the end of each task.
void journal_experiment::measure_node() {
  const std::chrono::milliseconds length{options_.quick ? 300 : 3'000};
  for (const auto choice : {journal_choice::off, journal_choice::none, journal_choice::interval,
                            journal_choice::group}) {
    for (const auto under_way : {std::size_t{1}, std::size_t{64}, std::size_t{1'024}}) {
      announce(fmt::format("a node, {} under way, journal {}", under_way, name_of(choice)));
      const auto seen = value_or_trouble(run_kept_tasks(folder_.next(), choice, under_way, length));
      result_.add_row("tasks of a node, one after the other, so many under way",
                      {{"journal", std::string{name_of(choice)}},
                       {"under way", under_way},
                       {"tasks/s", fmt::format("{:.0f}", seen.per_second)},
                       {"accepted p50 us", seen.accepted_us.p50},
                       {"p99", seen.accepted_us.p99},
                       {"ended p50 us", seen.ended_us.p50},
                       {"p99 ", seen.ended_us.p99},
                       {"max", seen.ended_us.max}});
    }
  }
  announce("a node that finds 10,000 queued tasks");
  const auto times = value_or_trouble(resume_node(folder_.next(), resumed_tasks));
  result_.add_aim("a node with 10,000 queued tasks takes tasks again after", aim_is::at_most, 2,
                  times.ready.count(), "s");
  result_.add_row("a node that finds 10,000 queued tasks",
                  {{"ready s", times.ready.count()}, {"all ended s", times.ended.count()}});
}

int journal_experiment::run() {
  for (const auto body_bytes : {std::size_t{256}, std::size_t{4'096}}) {
    for (const auto group : {std::size_t{1}, std::size_t{16}, std::size_t{256}, std::size_t{1'024}})
      compare({journal_sync::group, group, body_bytes});
  }
  for (const auto sync : {journal_sync::interval, journal_sync::none}) {
    for (const auto group : {std::size_t{1}, std::size_t{256}})
      compare({sync, group, 256});
  }
  measure_growth();
  measure_resume();
  measure_node();
  result_.add_note(
      "A commit carries what so many writers brought while the one before it was under way. The "
      "bare loop keeps the body and a number; the journal also a task's other members, its state, "
      "and three indexes, with a sum for each row.");
  result_.add_note("With interval the journal syncs every 100 ms; the bare loop does not.");
  return result_.finish(options_);
}

}  // namespace

int run_journal(const lab_options& options, const journal_options& journal) {
  try {
    return journal_experiment{options, journal}.run();
  } catch (const store_trouble& trouble) {
    std::cerr << "agent-lab: " << trouble.what() << '\n';
    return 1;
  }
}

}  // namespace libagent::lab
