#pragma once

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"

#include "tests/support/recording_sink.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace libagent::testing {

/// An answer that may not be there yet. Copies share it.
template <class T>
class pending_answer {
public:
  [[nodiscard]] bool arrived() const { return outcome_->has_value(); }

  /// Fails the test when nothing has arrived.
  [[nodiscard]] expected<T> get() const {
    if (!arrived()) {
      FAIL("no answer yet: the actor keeps the request, or run() or advance() is missing");
    }
    return **outcome_;
  }

  void set(expected<T> outcome) const { *outcome_ = std::move(outcome); }

private:
  std::shared_ptr<std::optional<expected<T>>> outcome_ =
      std::make_shared<std::optional<expected<T>>>();
};

/// An actor system on the test's own thread and on virtual time: nothing happens but in `run`,
/// `advance` and `ask`, so a test is the same every time.
///
/// Spawn everything pooled. Actors end with the test, in whatever state they are. No call here
/// blocks: what would wait for ever fails the test instead.
class actor_fixture {
public:
  actor_fixture();
  actor_fixture(const actor_fixture&) = delete;
  actor_fixture& operator=(const actor_fixture&) = delete;
  ~actor_fixture();

  [[nodiscard]] caf::actor_system& system() { return system_; }

  /// What actors reported so far.
  [[nodiscard]] recording_sink& events() { return *events_; }

  /// Virtual time, for objects of the core that are told `now`.
  [[nodiscard]] time_point now();

  /// Spawns an actor that ends with the test: `spawn<cache_impl>(options)`, or
  /// `spawn(function, args...)`. Its first turn comes with the next `run`.
  template <class Impl, class... Args>
  auto spawn(Args&&... args) {
    return adopt(system_.spawn<Impl>(std::forward<Args>(args)...));
  }

  template <class Function, class... Args>
  auto spawn(Function function, Args&&... args) {
    return adopt(system_.spawn(std::move(function), std::forward<Args>(args)...));
  }

  /// Makes an actor that the test spawned by other means end with the test.
  template <class Handle>
  Handle adopt(Handle who) {
    adopted_.push_back(caf::actor_cast<caf::actor>(who));
    return who;
  }

  /// Lets actors handle messages until no message is left.
  void run();

  /// The same, but `seed` picks the actor whose turn it is before every single message. The
  /// messages between any two actors keep their order, as in production.
  void run_shuffled(std::uint64_t seed);

  /// Moves virtual time by `step`, stopping at each timer on the way, and runs actors in between.
  void advance(duration step);

  /// Sends a request; the answer arrives during a later `run` or `advance`.
  template <class T, class Handle, class... Args>
  pending_answer<T> begin_ask(const Handle& who, Args... args) {
    pending_answer<T> answer;
    adopt(system_.spawn([who, answer, ... args = std::move(args)](caf::event_based_actor* self) {
      auto failed = [answer](const caf::error& err) { answer.set(actors::from_caf_error(err)); };
      if constexpr (std::is_void_v<T>) {
        self->request(who, caf::infinite, args...).then([answer] { answer.set({}); }, failed);
      } else {
        self->request(who, caf::infinite, args...)
            .then([answer](const T& value) { answer.set(value); }, failed);
      }
    }));
    return answer;
  }

  /// Asks, runs, and returns the answer or the error. Fails the test when there is neither.
  template <class T, class Handle, class... Args>
  [[nodiscard]] expected<T> ask_expected(const Handle& who, Args... args) {
    auto answer = begin_ask<T>(who, std::move(args)...);
    run();
    return answer.get();
  }

  /// Asks, runs, and returns the answer. Fails the test on an error.
  template <class T, class Handle, class... Args>
  T ask(const Handle& who, Args... args) {
    auto outcome = ask_expected<T>(who, std::move(args)...);
    if (!outcome) {
      FAIL("the actor answered with an error: " << to_string(outcome.error()));
    }
    if constexpr (!std::is_void_v<T>) {
      return std::move(outcome).value();
    }
  }

  /// Whether `who` has ended, as far as `run` got.
  template <class Handle>
  [[nodiscard]] bool is_alive(const Handle& who) {
    return !exit_reason_of(caf::actor_cast<caf::strong_actor_ptr>(who)).has_value();
  }

  /// Why `who` ended: an empty error for a normal end; nullopt when it is alive.
  [[nodiscard]] static std::optional<caf::error> exit_reason_of(const caf::strong_actor_ptr& who);

private:
  using coordinator = caf::scheduler::test_coordinator;

  [[nodiscard]] coordinator& scheduler();
  void run_by(const std::function<void()>& pick_next);

  std::shared_ptr<recording_sink> events_ = std::make_shared<recording_sink>();
  actors::actor_system_config config_;
  caf::actor_system system_;
  std::vector<caf::actor> adopted_;
};

}  // namespace libagent::testing
