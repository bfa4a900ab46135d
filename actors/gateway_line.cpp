#include "actors/gateway_line.hpp"

#include "actors/bridge/priority.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace libagent::actors {

// Under the lock, so that nobody is sending any more when `close` returns.
template <class... Args>
void gateway_line::send(Args&&... args) {
  if (const auto gateway = caf::actor_cast<model_gateway_actor>(gateway_.lock()))
    caf::anon_send<urgent>(gateway, std::forward<Args>(args)...);
}

void gateway_line::send_end(std::uint64_t id, std::shared_ptr<chat_end> end) {
  const std::lock_guard guard{mutex_};
  send(done_atom_v, id, model_call_end{std::move(end)});
}

void gateway_line::send_cancel(std::uint64_t id) {
  const std::lock_guard guard{mutex_};
  news_.cancelled.push_back(id);
  send(wake_atom_v);
}

void gateway_line::send_facts(std::size_t provider, expected<chat_model_facts> facts) {
  const std::lock_guard guard{mutex_};
  news_.facts.emplace_back(provider, std::move(facts));
  send(wake_atom_v);
}

gateway_line::news gateway_line::take() {
  const std::lock_guard guard{mutex_};
  return std::exchange(news_, {});
}

void gateway_line::close() {
  const std::lock_guard guard{mutex_};
  gateway_ = nullptr;
}

}  // namespace libagent::actors
