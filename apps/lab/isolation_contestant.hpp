#pragma once

#include "apps/lab/isolation_board.hpp"
#include "apps/lab/isolation_work.hpp"
#include "apps/lab/wire_answers.hpp"
#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::lab {

/// One way to run short tasks beside long ones.
///
/// Thread safety: one thread; `play` may call it from a thread of its own.
class contestant {
public:
  contestant() = default;
  contestant(const contestant&) = delete;
  contestant& operator=(const contestant&) = delete;
  virtual ~contestant() = default;

  /// Keeps twice as many long tasks queued or running as there are cores, until `stop_long`.
  virtual expected<void> start_long() = 0;

  /// Returns when no long task runs any more. Errors: `errc::deadline_exceeded`.
  virtual expected<void> stop_long() = 0;

  /// Long tasks done since the beginning, parts of one included where they are known.
  [[nodiscard]] virtual double long_tasks_done() = 0;

  /// Sends every short task of the board when it is due, and returns when the last was sent, or
  /// later.
  virtual expected<void> play(const answer_board_ptr& board) = 0;
};

/// Sends the board's requests when they are due, from a thread of their own. `submit` must not
/// wait for the answer, but see to it that the board gets it.
void play_in_process(answer_board& board, const std::function<void(std::size_t index)>& submit);

/// Reads what came over a connection since a request was sent.
using answer_reader = wire_answer (*)(std::string_view received);

/// Sends the same `request` over TCP on loopback for each of the board's when it is due, each on
/// a connection that waits for no other answer; connections are kept. Returns when all were
/// answered or nothing came for ten seconds. Errors: `errc::io_failed`.
expected<void> play_over_tcp(answer_board& board, std::uint16_t port, const std::string& request,
                             answer_reader read);

[[nodiscard]] std::size_t core_count();

/// What never varies within one run of the experiment.
struct bench_sizes {
  work_sizes work;
  std::size_t cores = core_count();

  [[nodiscard]] std::size_t long_tasks() const { return 2 * cores; }
};

}  // namespace libagent::lab
