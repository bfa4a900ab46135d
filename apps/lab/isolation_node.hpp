#pragma once

#include "actors/node.hpp"
#include "actors/protocol/interfaces.hpp"
#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/isolation_pools.hpp"

#include <memory>
#include <string>

namespace libagent::lab {

/// What a node has to do beside its short tasks.
struct node_load {
  std::string tool = "long";
  lane requested = lane::batch;
  std::size_t tasks = 0;  ///< Queued or running at any time; 0: twice as many as there are cores.
};

/// What a node under test is given, beside the short and the long tool.
struct node_setup {
  ranking ranks = ranking::nice;
  node_load load;
  actors::node_options options;
  std::shared_ptr<tool_registry> tools = std::make_shared<tool_registry>();
  std::shared_ptr<long_work> shared = std::make_shared<long_work>();  ///< For tools that count.
};

/// A node in this process: short tasks inline in the interactive lane, long ones in the batch
/// lane, both submitted through the dispatcher from threads outside.
class node_contestant final : public contestant {
public:
  /// Errors: those of `actors::node::start`.
  [[nodiscard]] static expected<std::unique_ptr<node_contestant>> start(
      const bench_sizes& sizes, const node_setup& setup = {});

  node_contestant(const node_contestant&) = delete;
  node_contestant& operator=(const node_contestant&) = delete;
  ~node_contestant() override;

  expected<void> start_long() override;
  expected<void> stop_long() override;
  [[nodiscard]] double long_tasks_done() override;
  expected<void> play(const answer_board_ptr& board) override;

  /// Submits one task and waits for nothing. Thread safety: any thread.
  void submit_short(task_observer_ptr observer);
  void submit_long(task_observer_ptr observer);

  [[nodiscard]] actors::node& node() { return *node_; }

  /// Counts of the long load.
  [[nodiscard]] long_work& shared() { return *shared_; }

private:
  node_contestant(const bench_sizes& sizes, const node_setup& setup);

  bench_sizes sizes_;
  node_load load_;
  std::shared_ptr<long_work> shared_;
  std::unique_ptr<actors::node> node_;
  actors::dispatcher_actor dispatcher_;
};

/// Answers a board when the task ended; a refusal is a bad answer.
[[nodiscard]] task_observer_ptr make_board_observer(answer_board_ptr board, std::size_t index);

}  // namespace libagent::lab
