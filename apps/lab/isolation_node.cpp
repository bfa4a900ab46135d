#include "apps/lab/isolation_node.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "actors/submitting.hpp"
#include "libagent/tools/make_tool.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace libagent::lab {

namespace {

constexpr int node_patience_s = 30;
constexpr const char* short_tool = "short";
constexpr const char* long_tool = "long";

struct work_asked {
  bool again = false;
};

template <class Inspector>
bool inspect(Inspector& f, work_asked& x) {
  return record(f, x, "work_asked", field("again", "Means nothing.", x.again).fallback(false));
}

struct work_answer {
  bool good = false;
};

template <class Inspector>
bool inspect(Inspector& f, work_answer& x) {
  return record(f, x, "work_answer", field("good", "The work was done.", x.good));
}

class board_observer final : public task_observer {
public:
  board_observer(answer_board_ptr board, std::size_t index)
      : board_{std::move(board)}, index_{index} {}

  void on_change(const task_record& record) override {
    if (is_terminal(record.state))
      board_->answer(index_, record.state == task_state::succeeded);
  }

  void on_refused(const error&) override { board_->answer(index_, false); }

private:
  answer_board_ptr board_;
  std::size_t index_;
};

/// Submits the next long task when one has ended.
class long_observer final : public task_observer {
public:
  struct source {
    actors::dispatcher_actor dispatcher;
    node_load load;
    std::shared_ptr<long_work> shared;
  };

  explicit long_observer(std::shared_ptr<const source> from) : from_{std::move(from)} {}

  static void submit(const std::shared_ptr<const source>& from) {
    actors::send_submit(from->dispatcher, from->load.requested, {.target = from->load.tool},
                        std::make_shared<long_observer>(from));
  }

  void on_change(const task_record& record) override {
    auto& shared = *from_->shared;
    if (!std::exchange(was_accepted_, true))
      shared.accepted.fetch_add(1);
    if (!is_terminal(record.state))
      return;
    if (record.state != task_state::succeeded)
      shared.note_failure(record.failure ? to_string(*record.failure) : "without a reason");
    if (shared.stopping.load()) {
      shared.outstanding.fetch_sub(1);
    } else {
      submit(from_);
    }
  }

  void on_refused(const error& why) override {
    from_->shared->note_failure(to_string(why));
    from_->shared->outstanding.fetch_sub(1);
  }

private:
  std::shared_ptr<const source> from_;
  bool was_accepted_ = false;
};

expected<void> add_work_tools(tool_registry& tools, const work_sizes& sizes,
                              const std::shared_ptr<long_work>& shared) {
  // Not `pure`: the work is to be done each time, not looked up.
  auto added = tools.add(
      {.name = short_tool, .description = "Computes for 50 us."},
      [rounds = sizes.short_rounds](const work_asked&) { return work_answer{spin(rounds) != 0}; });
  if (!added)
    return added;
  return tools.add({.name = long_tool,
                    .description = "Computes for 300 ms.",
                    .tool_lane = lane::batch,
                    .timeout = std::chrono::hours{24}},
                   [sizes, shared](const work_asked&) {
                     run_long_task(sizes, *shared);
                     return work_answer{true};
                   });
}

}  // namespace

node_contestant::node_contestant(const bench_sizes& sizes, const node_setup& setup)
    : sizes_{sizes}, load_{setup.load}, shared_{setup.shared} {
  if (load_.tasks == 0)
    load_.tasks = sizes.long_tasks();
}

expected<std::unique_ptr<node_contestant>> node_contestant::start(const bench_sizes& sizes,
                                                                  const node_setup& setup) {
  std::unique_ptr<node_contestant> made{new node_contestant{sizes, setup}};
  if (auto added = add_work_tools(*setup.tools, sizes.work, made->shared_); !added)
    return added.error();
  actors::node_parts parts;
  parts.lower_priority = on_long_thread(setup.ranks);
  if (setup.ranks == ranking::fifo)
    parts.raise_priority = on_short_thread(setup.ranks);
  auto started = actors::node::start(setup.options, setup.tools, {}, parts);
  if (!started)
    return started.error();
  made->node_ = *std::move(started);
  made->dispatcher_ =
      actors::find<actors::dispatcher_actor>(made->node_->system(), actors::dispatcher_path);
  return made;
}

node_contestant::~node_contestant() {
  (void)stop_long();
  dispatcher_ = nullptr;  // CAF waits for every actor that has a handle.
}

expected<void> node_contestant::start_long() {
  shared_->stopping.store(false);
  shared_->accepted.store(0);
  const auto from = std::make_shared<const long_observer::source>(
      long_observer::source{dispatcher_, load_, shared_});
  for (std::size_t i = 0; i < load_.tasks; ++i) {
    shared_->outstanding.fetch_add(1);
    long_observer::submit(from);
  }
  const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds{node_patience_s};
  while (shared_->accepted.load() + shared_->failures.load() < load_.tasks) {
    if (std::chrono::steady_clock::now() > give_up_at)
      return error{errc::deadline_exceeded, "start the load of " + load_.tool + " in the node"};
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return {};
}

expected<void> node_contestant::stop_long() {
  shared_->stopping.store(true);
  if (!wait_until_idle(*shared_, node_patience_s))
    return error{errc::deadline_exceeded, "stop long tasks in the node"};
  if (const auto failed = shared_->failures.load(); failed > 0) {
    return error{errc::tool_failed, std::to_string(failed) + " tasks of " + load_.tool +
                                        " failed, the first: " + shared_->first_failure};
  }
  return {};
}

double node_contestant::long_tasks_done() {
  return static_cast<double>(shared_->slices_done.load()) / sizes_.work.slices;
}

expected<void> node_contestant::play(const answer_board_ptr& board) {
  play_in_process(*board,
                  [&](std::size_t index) { submit_short(make_board_observer(board, index)); });
  return {};
}

void node_contestant::submit_short(task_observer_ptr observer) {
  actors::send_submit(dispatcher_, lane::interactive, {.target = short_tool}, std::move(observer));
}

void node_contestant::submit_long(task_observer_ptr observer) {
  actors::send_submit(dispatcher_, lane::batch, {.target = long_tool}, std::move(observer));
}

task_observer_ptr make_board_observer(answer_board_ptr board, std::size_t index) {
  return std::make_shared<board_observer>(std::move(board), index);
}

}  // namespace libagent::lab
