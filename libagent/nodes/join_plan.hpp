#pragma once

#include "libagent/base/time.hpp"
#include "libagent/nodes/endpoint.hpp"

#include <cstdint>

namespace libagent {

/// The way to one node that is to be joined: wait, connect, greet, joined, and back to waiting
/// when it fails or the node is lost.
///
/// Nothing in the network says that an answer will never come, so each try has a deadline and a
/// number: what comes in for an earlier try is recognised and ignored. How long to wait between
/// tries is the caller's to say. Thread safety: none.
class join_plan {
public:
  enum class stage : std::uint8_t { waiting, connecting, greeting, joined };

  /// The first try is due at once.
  explicit join_plan(endpoint where) : where_{std::move(where)} {}

  [[nodiscard]] const endpoint& where() const { return where_; }

  [[nodiscard]] stage at() const { return stage_; }

  /// Whether a try is to begin.
  [[nodiscard]] bool is_due(time_point now) const {
    return stage_ == stage::waiting && now >= due_;
  }

  /// Whether the present try has taken too long: let it fail with `wait_until`.
  [[nodiscard]] bool is_overdue(time_point now) const {
    return (stage_ == stage::connecting || stage_ == stage::greeting) && now >= due_;
  }

  /// waiting -> connecting. Returns the number of this try. @pre `is_due`.
  std::uint64_t begin(time_point now, duration limit);

  /// connecting -> greeting. False, and nothing happens, when that try is over.
  [[nodiscard]] bool greet(std::uint64_t number);

  /// Whether try `number` is the present one and still connecting.
  [[nodiscard]] bool is_connecting(std::uint64_t number) const {
    return stage_ == stage::connecting && number == number_;
  }

  /// greeting -> joined. @pre it is greeting.
  void join();

  /// The try failed or the node was lost; the next try is due then.
  void wait_until(time_point due);

private:
  endpoint where_;
  stage stage_ = stage::waiting;
  std::uint64_t number_ = 0;
  time_point due_;  // of the next try, or the end of the present one
};

}  // namespace libagent
