#include "apps/lab/journal_node.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/node.hpp"
#include "actors/paths.hpp"
#include "actors/submitting.hpp"
#include "libagent/adapters/sqlite_journal.hpp"
#include "libagent/tools/make_tool.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

struct kept_number {
  std::int64_t number = 0;
};

template <class Inspector>
bool inspect(Inspector& f, kept_number& x) {
  return record(f, x, "kept_number", field("number", "Comes back.", x.number).fallback(0));
}

namespace {

using kept_clock = std::chrono::steady_clock;
constexpr const char* kept_tool = "kept_echo";
constexpr std::ptrdiff_t under_way_max = 4'096;

/// Counts runs, and wakes whoever waits for the last one.
struct run_count {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t runs = 0;

  void add() {
    const std::lock_guard guard{mutex};
    ++runs;
    changed.notify_all();
  }

  void wait_for(std::size_t all) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return runs >= all; });
  }
};

/// What all observers of a loop write to.
struct loop_notes {
  std::counting_semaphore<under_way_max> free_places;
  std::mutex mutex;
  std::vector<double> accepted_us;
  std::vector<double> ended_us;
  std::size_t refused = 0;

  explicit loop_notes(std::ptrdiff_t places) : free_places{places} {}
};

class loop_observer final : public task_observer {
public:
  explicit loop_observer(std::shared_ptr<loop_notes> notes) : notes_{std::move(notes)} {}

  void on_change(const task_record& record) override {
    const auto passed =
        std::chrono::duration<double, std::micro>(kept_clock::now() - begun_).count();
    const std::lock_guard guard{notes_->mutex};
    if (!std::exchange(was_accepted_, true))
      notes_->accepted_us.push_back(passed);
    if (!is_terminal(record.state))
      return;
    notes_->ended_us.push_back(passed);
    notes_->free_places.release();
  }

  void on_refused(const error&) override {
    const std::lock_guard guard{notes_->mutex};
    ++notes_->refused;
    notes_->free_places.release();
  }

private:
  std::shared_ptr<loop_notes> notes_;
  kept_clock::time_point begun_ = kept_clock::now();
  bool was_accepted_ = false;
};

journal_sync sync_for(journal_choice choice) {
  if (choice == journal_choice::none)
    return journal_sync::none;
  return choice == journal_choice::interval ? journal_sync::interval : journal_sync::group;
}

std::shared_ptr<const tool_registry> kept_tools(const std::shared_ptr<run_count>& count) {
  auto tools = std::make_shared<tool_registry>();
  (void)tools->add(make_tool({.name = kept_tool, .description = "Gives its input back."},
                             [count](const kept_number& in) {
                               count->add();
                               return in;
                             }));
  return tools;
}

expected<std::unique_ptr<actors::node>> start_kept_node(const std::filesystem::path& file,
                                                        journal_choice choice,
                                                        const std::shared_ptr<run_count>& count) {
  actors::node_options options;
  actors::node_parts parts;
  if (choice != journal_choice::off) {
    options.sync = sync_for(choice);
    auto kept = open_sqlite_journal({.file = file, .sync = options.sync});
    if (!kept)
      return kept.error();
    parts.journal = std::make_shared<journal_access>(*std::move(kept));
  }
  return actors::node::start(options, kept_tools(count), {}, parts);
}

}  // namespace

expected<kept_tasks> run_kept_tasks(const std::filesystem::path& file, journal_choice journal,
                                    std::size_t under_way, std::chrono::milliseconds length) {
  const auto node = start_kept_node(file, journal, std::make_shared<run_count>());
  if (!node)
    return node.error();
  const auto dispatcher =
      actors::find<actors::dispatcher_actor>((*node)->system(), actors::dispatcher_path);
  const auto places = static_cast<std::ptrdiff_t>(under_way);
  const auto notes = std::make_shared<loop_notes>(places);
  const auto begun = kept_clock::now();
  while (kept_clock::now() - begun < length) {
    notes->free_places.acquire();
    actors::send_submit(dispatcher, lane::interactive,
                        {.target = kept_tool,
                         .level = criticality::critical_plus,  // A closed loop is no overload.
                         .durable = journal != journal_choice::off},
                        std::make_shared<loop_observer>(notes));
  }
  for (std::ptrdiff_t i = 0; i < places; ++i)
    notes->free_places.acquire();
  const std::chrono::duration<double> took = kept_clock::now() - begun;
  const std::lock_guard guard{notes->mutex};
  if (notes->refused > 0)
    return error{errc::internal, std::to_string(notes->refused) + " tasks were refused"};
  kept_tasks seen{.per_second = static_cast<double>(notes->ended_us.size()) / took.count()};
  seen.accepted_us = quantiles_of(std::move(notes->accepted_us));
  seen.ended_us = quantiles_of(std::move(notes->ended_us));
  return seen;
}

expected<resume_times> resume_node(const std::filesystem::path& file, std::size_t tasks) {
  {
    auto kept = open_sqlite_journal({.file = file, .sync = journal_sync::none});
    if (!kept)
      return kept.error();
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
    const auto body = std::make_shared<const std::string>(R"({"number":1})");
    std::vector<journal_write> writes;
    for (std::uint64_t i = 1; i <= tasks; ++i) {
      writes.emplace_back(write_accepted{{.id = make_task_id(wall, i, ~i),
                                          .target = kept_tool,
                                          .arguments = body,
                                          .timeout = std::chrono::minutes{10},
                                          .accepted_at = wall,
                                          .deadline = wall + 600'000}});
    }
    if (auto done = (*kept)->commit(writes); !done)
      return done.error();
  }
  const auto count = std::make_shared<run_count>();
  const auto begun = kept_clock::now();
  const auto node = start_kept_node(file, journal_choice::group, count);
  if (!node)
    return node.error();
  resume_times times{.ready = kept_clock::now() - begun};
  count->wait_for(tasks);
  times.ended = kept_clock::now() - begun;
  return times;
}

}  // namespace libagent::lab
