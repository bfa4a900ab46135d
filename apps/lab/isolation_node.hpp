#pragma once

#include "actors/node.hpp"
#include "actors/protocol/interfaces.hpp"
#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/isolation_pools.hpp"

#include <memory>
#include <string>

namespace libagent::lab {

/// What else a node under test is given, beside the short and the long tool.
struct node_setup {
  ranking ranks = ranking::nice;
  actors::node_options options;
  std::shared_ptr<tool_registry> tools = std::make_shared<tool_registry>();
};

/// A node in this process: short tasks inline in the interactive lane, long ones in the batch
/// lane, both submitted through the dispatcher from threads outside.
class node_contestant final : public contestant {
public:
  /// Errors: those of `actors::node::start`.
  [[nodiscard]] static expected<std::unique_ptr<node_contestant>> start(const bench_sizes& sizes,
                                                                        node_setup setup = {});

  node_contestant(const node_contestant&) = delete;
  node_contestant& operator=(const node_contestant&) = delete;
  ~node_contestant() override;

  expected<void> start_long() override;
  expected<void> stop_long() override;
  [[nodiscard]] double long_tasks_done() override;
  expected<void> play(const answer_board_ptr& board) override;

  /// Submits one task of `tool` and waits for nothing.
  void submit(const std::string& tool, lane requested, task_observer_ptr observer);

  [[nodiscard]] actors::node& node() { return *node_; }

  /// Counts of the long load, and whoever else wants to be part of it.
  [[nodiscard]] long_work& shared() { return *shared_; }

private:
  explicit node_contestant(const bench_sizes& sizes);

  bench_sizes sizes_;
  std::shared_ptr<long_work> shared_ = std::make_shared<long_work>();
  std::unique_ptr<actors::node> node_;
  actors::dispatcher_actor dispatcher_;
};

/// Answers a board when the task ended; a refusal is a bad answer.
[[nodiscard]] task_observer_ptr make_board_observer(answer_board_ptr board, std::size_t index);

}  // namespace libagent::lab
