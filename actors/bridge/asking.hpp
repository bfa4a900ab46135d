#pragma once

#include "actors/bridge/errors.hpp"
#include "libagent/base/expected.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

namespace libagent::actors {

/// Asks an actor from a thread that is none, and waits. Errors: its own; those of CAF when it does
/// not answer in time.
template <class T, class Handle, class... Args>
[[nodiscard]] expected<T> ask_and_wait(caf::actor_system& system, const Handle& who,
                                       std::chrono::milliseconds patience, Args&&... args) {
  caf::scoped_actor self{system};
  std::optional<expected<T>> outcome;
  const auto failed = [&outcome](const caf::error& why) { outcome = from_caf_error(why); };
  auto answer =
      self->request<caf::message_priority::high>(who, patience, std::forward<Args>(args)...);
  if constexpr (std::is_void_v<T>) {
    answer.receive([&outcome] { outcome = expected<void>{}; }, failed);
  } else {
    answer.receive([&outcome](const T& value) { outcome = value; }, failed);
  }
  return *std::move(outcome);
}

}  // namespace libagent::actors
