#pragma once

#include "apps/lab/faults/client_ledger.hpp"
#include "libagent/base/random.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace libagent::lab {

/// What the client asks for.
struct fault_workload {
  bool has_all_tools = true;  ///< Else only those of `write_effect_programs`.
  bool has_agent = false;     ///< Asks it too; see `errand_target`.
  bool has_poison = false;    ///< One task that crashes the process.
};

/// Submits tasks of all kinds from several threads, asks for their states, cancels some, sends some
/// again under the same key, and writes all that it is told into its ledger.
///
/// Thread safety: none; one round at a time.
class fault_client {
public:
  /// The ledger must outlive the client.
  fault_client(client_ledger& ledger, const fault_workload& workload, std::uint64_t seed);

  fault_client(const fault_client&) = delete;
  fault_client& operator=(const fault_client&) = delete;
  ~fault_client();

  /// Begins to work against a port. @pre No round is under way.
  void begin_round(std::uint16_t port, std::size_t ops_each);

  /// Stops submitting and waits until no call is under way.
  void end_round();

  /// Sends once more what has a key and no answer yet, as a client does after a time-out.
  void send_unanswered_again(std::uint16_t port);

private:
  /// What one thread draws from.
  struct worker {
    std::uint64_t seed;
    std::uint16_t port;
    std::size_t ops;
  };

  void work(const std::stop_token& stop, const worker& as);
  void act(seeded_random& random, std::uint16_t port);
  void submit_new(seeded_random& random, std::uint16_t port);
  void submit(const client_op& op, std::uint16_t port);
  void ask(seeded_random& random, std::uint16_t port);
  void cancel(seeded_random& random, std::uint16_t port);
  void submit_again(seeded_random& random, std::uint16_t port);
  void submit_other_body(const client_op& op, std::uint16_t port);
  [[nodiscard]] std::string draw_tool(std::uint64_t draw) const;
  [[nodiscard]] client_op draw_op(seeded_random& random) const;
  void pause(const std::stop_token& stop, std::chrono::milliseconds time);

  client_ledger& ledger_;
  fault_workload workload_;
  std::uint64_t seed_;
  std::uint64_t rounds_ = 0;
  bool poisoned_ = false;  // with the lock
  std::mutex lock_;
  std::condition_variable_any changed_;
  std::vector<std::jthread> threads_;
};

/// Until when a call to a node that may be broken is waited for.
[[nodiscard]] time_point call_deadline(std::chrono::milliseconds patience);

}  // namespace libagent::lab
