#include "apps/lab/isolation_node.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "actors/submitting.hpp"
#include "apps/lab/isolation_threads.hpp"
#include "libagent/tools/make_tool.hpp"

#include <utility>

namespace libagent::lab {

namespace {

constexpr int long_patience_s = 30;
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
  long_observer(actors::dispatcher_actor dispatcher, std::shared_ptr<long_work> shared)
      : dispatcher_{std::move(dispatcher)}, shared_{std::move(shared)} {}

  static void submit(const actors::dispatcher_actor& dispatcher,
                     const std::shared_ptr<long_work>& shared) {
    actors::send_submit(dispatcher, lane::batch, {.target = long_tool},
                        std::make_shared<long_observer>(dispatcher, shared));
  }

  void on_change(const task_record& record) override {
    if (!is_terminal(record.state))
      return;
    if (record.state != task_state::succeeded)
      shared_->failures.fetch_add(1);
    if (shared_->stopping.load()) {
      shared_->outstanding.fetch_sub(1);
    } else {
      submit(dispatcher_, shared_);
    }
  }

  void on_refused(const error&) override {
    shared_->failures.fetch_add(1);
    shared_->outstanding.fetch_sub(1);
  }

private:
  actors::dispatcher_actor dispatcher_;
  std::shared_ptr<long_work> shared_;
};

expected<void> add_work_tools(tool_registry& tools, const work_sizes& sizes,
                              const std::shared_ptr<long_work>& shared) {
  // Not `pure`: the work is to be done each time, not looked up.
  auto added = tools.add(
      {.name = short_tool, .description = "Computes for 50 us."},
      [rounds = sizes.short_rounds](const work_asked&) { return work_answer{spin(rounds) != 0}; });
  if (!added)
    return added;
  return tools.add(
      {.name = long_tool, .description = "Computes for 300 ms.", .tool_lane = lane::batch},
      [sizes, shared](const work_asked&) {
        run_long_task(sizes, *shared);
        return work_answer{true};
      });
}

}  // namespace

node_contestant::node_contestant(const bench_sizes& sizes) : sizes_{sizes} {}

expected<std::unique_ptr<node_contestant>> node_contestant::start(const bench_sizes& sizes,
                                                                  node_setup setup) {
  std::unique_ptr<node_contestant> made{new node_contestant{sizes}};
  if (auto added = add_work_tools(*setup.tools, sizes.work, made->shared_); !added)
    return added.error();
  actors::node_parts parts;
  parts.lower_priority = on_long_thread(setup.ranks);
  expected<void> outcome;
  run_on_thread(setup.ranks == ranking::fifo, [&] {
    auto started = actors::node::start(setup.options, setup.tools, {}, parts);
    if (started) {
      made->node_ = *std::move(started);
    } else {
      outcome = started.error();
    }
  });
  if (!outcome)
    return outcome.error();
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
  for (std::size_t i = 0; i < sizes_.long_tasks(); ++i) {
    shared_->outstanding.fetch_add(1);
    long_observer::submit(dispatcher_, shared_);
  }
  return {};
}

expected<void> node_contestant::stop_long() {
  shared_->stopping.store(true);
  if (!wait_until_idle(*shared_, long_patience_s))
    return error{errc::deadline_exceeded, "stop long tasks in the node"};
  if (const auto failed = shared_->failures.load(); failed > 0)
    return error{errc::tool_failed, std::to_string(failed) + " long tasks failed"};
  return {};
}

double node_contestant::long_tasks_done() {
  return static_cast<double>(shared_->slices_done.load()) / sizes_.work.slices;
}

expected<void> node_contestant::play(const answer_board_ptr& board) {
  play_in_process(*board, [&](std::size_t index) {
    submit(short_tool, lane::interactive, make_board_observer(board, index));
  });
  return {};
}

void node_contestant::submit(const std::string& tool, lane requested, task_observer_ptr observer) {
  actors::send_submit(dispatcher_, requested, {.target = tool}, std::move(observer));
}

task_observer_ptr make_board_observer(answer_board_ptr board, std::size_t index) {
  return std::make_shared<board_observer>(std::move(board), index);
}

}  // namespace libagent::lab
