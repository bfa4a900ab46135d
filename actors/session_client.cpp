#include "actors/session_client.hpp"

#include "actors/bridge/asking.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace libagent::actors {

namespace {

constexpr auto session_patience = std::chrono::seconds{10};

const error sessions_are_down{errc::unavailable, "ask the sessions: they are being restarted"};

/// What a turn's thread tells the waiting one.
struct turn_news {
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<expected<turn_result>> end;

  void tell(expected<turn_result> outcome) {
    {
      const std::lock_guard guard{mutex};
      if (end)
        return;
      end = std::move(outcome);
    }
    arrived.notify_all();
  }

  expected<turn_result> wait() {
    std::unique_lock lock{mutex};
    arrived.wait(lock, [this] { return end.has_value(); });
    return *std::move(end);
  }
};

/// Passes everything on and tells the end.
class awaited_turn final : public turn_observer {
public:
  awaited_turn(turn_observer_ptr next, std::shared_ptr<turn_news> news)
      : next_{std::move(next)}, news_{std::move(news)} {}

  awaited_turn(const awaited_turn&) = delete;
  awaited_turn& operator=(const awaited_turn&) = delete;

  ~awaited_turn() override {
    news_->tell(error{errc::unavailable, "wait for the turn: its session was lost"});
  }

  void on_update(const turn_update& update) override {
    if (next_)
      next_->on_update(update);
  }

  void on_end(const turn_result& result) override {
    if (next_)
      next_->on_end(result);
    news_->tell(result);
  }

  void on_refused(const error& why) override {
    if (next_)
      next_->on_refused(why);
    news_->tell(why);
  }

  [[nodiscard]] std::shared_ptr<flow_gate> flow() const override {
    return next_ ? next_->flow() : nullptr;
  }

private:
  turn_observer_ptr next_;
  std::shared_ptr<turn_news> news_;
};

sessions_actor sessions_of(caf::actor_system& system) {
  return find<sessions_actor>(system, sessions_path);
}

}  // namespace

expected<turn_result> session_client::run(turn_request request, turn_observer_ptr observer,
                                          const std::stop_token& stop) const {
  const auto sessions = sessions_of(*system_);
  if (!sessions)
    return sessions_are_down;
  request.stop = stop;
  const auto news = std::make_shared<turn_news>();
  caf::anon_send<urgent>(
      sessions, turn_atom_v, std::move(request),
      turn_observer_ref{std::make_shared<awaited_turn>(std::move(observer), news)});
  return news->wait();
}

expected<turn_result> session_client::follow(const session_name& session,
                                             turn_observer_ptr observer,
                                             const std::stop_token& stop) const {
  const auto sessions = sessions_of(*system_);
  if (!sessions)
    return sessions_are_down;
  const auto news = std::make_shared<turn_news>();
  caf::anon_send<urgent>(
      sessions, watch_atom_v, session,
      turn_observer_ref{std::make_shared<awaited_turn>(std::move(observer), news)});
  const std::stop_callback on_stop{stop, [&sessions, &session] {
                                     caf::anon_send<urgent>(sessions, cancel_atom_v, session,
                                                            std::string{"interrupted"});
                                   }};
  return news->wait();
}

expected<session_name> session_client::decide(const std::string& approval,
                                              const approval_decision& decision) const {
  const auto sessions = sessions_of(*system_);
  if (!sessions)
    return sessions_are_down;
  return ask_and_wait<session_name>(*system_, sessions, session_patience, approve_atom_v, approval,
                                    decision);
}

expected<session_view> session_client::look_up(const session_name& session) const {
  const auto sessions = sessions_of(*system_);
  if (!sessions)
    return sessions_are_down;
  return ask_and_wait<session_view>(*system_, sessions, session_patience, lookup_atom_v, session);
}

expected<std::vector<session_head>> session_client::list(const session_query& query) const {
  const auto sessions = sessions_of(*system_);
  if (!sessions)
    return sessions_are_down;
  return ask_and_wait<std::vector<session_head>>(*system_, sessions, session_patience, list_atom_v,
                                                 query);
}

expected<void> session_client::erase(const session_name& session) const {
  const auto sessions = sessions_of(*system_);
  if (!sessions)
    return sessions_are_down;
  return ask_and_wait<void>(*system_, sessions, session_patience, erase_atom_v, session);
}

}  // namespace libagent::actors
