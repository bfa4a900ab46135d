#include "apps/lab/isolation_contestant.hpp"

#include "apps/lab/isolation_threads.hpp"

#include <algorithm>
#include <thread>

namespace libagent::lab {

void play_in_process(answer_board& board, const std::function<void(std::size_t index)>& submit) {
  run_as_sender([&] {
    board.start();
    for (std::size_t i = 0; i < board.size(); ++i) {
      sleep_until_exactly(board.due(i));
      submit(i);
    }
  });
}

std::size_t core_count() {
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

}  // namespace libagent::lab
