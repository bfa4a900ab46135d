#include "apps/agent/chat_local.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

namespace libagent::app {

namespace {

constexpr std::chrono::seconds answer_timeout{30};
/// While so much is not printed yet, the model waits.
constexpr std::size_t updates_kept_max = 256;

struct refused_turn {
  error why;
};

struct lost_turn {};

using turn_event = std::variant<turn_update, turn_result, refused_turn, lost_turn>;

/// What happens in a turn, on its way from the threads of the actors to the one that prints.
class turn_mailbox {
public:
  void put(turn_event event) {
    const std::lock_guard guard{mutex_};
    events_.push_back(std::move(event));
    if (events_.size() >= updates_kept_max)
      flow_->close();
    more_.notify_one();
  }

  turn_event take() {
    turn_event first;
    {
      std::unique_lock lock{mutex_};
      more_.wait(lock, [this] { return !events_.empty(); });
      first = std::move(events_.front());
      events_.pop_front();
      if (events_.size() >= updates_kept_max / 2)
        return first;
    }
    flow_->open();  // Outside of the lock: it may bring the next update at once.
    return first;
  }

  [[nodiscard]] std::shared_ptr<flow_gate> flow() const { return flow_; }

private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<turn_event> events_;
  std::shared_ptr<flow_gate> flow_ = std::make_shared<flow_gate>();
};

/// Held by whoever runs the turn; when the last one lets go without an end, it was lost.
class mailing_observer final : public turn_observer {
public:
  explicit mailing_observer(std::shared_ptr<turn_mailbox> to) : to_{std::move(to)} {}

  mailing_observer(const mailing_observer&) = delete;
  mailing_observer& operator=(const mailing_observer&) = delete;

  ~mailing_observer() override { to_->put(lost_turn{}); }

  void on_update(const turn_update& update) override { to_->put(update); }

  void on_end(const turn_result& result) override { to_->put(result); }

  void on_refused(const error& why) override { to_->put(refused_turn{why}); }

  [[nodiscard]] std::shared_ptr<flow_gate> flow() const override { return to_->flow(); }

private:
  std::shared_ptr<turn_mailbox> to_;
};

/// Whether there is more to come.
bool pass_on(const turn_event& event, turn_observer& to) {
  if (const auto* update = std::get_if<turn_update>(&event)) {
    to.on_update(*update);
    return true;
  }
  if (const auto* result = std::get_if<turn_result>(&event)) {
    to.on_end(*result);
  } else if (const auto* refused = std::get_if<refused_turn>(&event)) {
    to.on_refused(refused->why);
  }
  return false;
}

error no_sessions() {
  return {errc::unavailable, "find the sessions: they are restarting"};
}

/// Asks the sessions' actor and waits for its answer.
template <class Answer, class... Question>
expected<Answer> ask_sessions(caf::actor_system& system, Question... question) {
  const auto sessions = actors::find<actors::sessions_actor>(system, actors::sessions_path);
  if (!sessions)
    return no_sessions();
  caf::scoped_actor self{system};
  std::optional<expected<Answer>> answer;
  const auto fail = [&answer](const caf::error& why) { answer = actors::from_caf_error(why); };
  auto asked = self->request(sessions, answer_timeout, std::move(question)...);
  if constexpr (std::is_void_v<Answer>) {
    asked.receive([&answer] { answer = expected<void>{}; }, fail);
  } else {
    asked.receive([&answer](Answer& given) { answer = std::move(given); }, fail);
  }
  return *std::move(answer);
}

}  // namespace

local_chat_backend::local_chat_backend(caf::actor_system& system, agents_listing agents)
    : system_{&system}, agents_{std::move(agents)} {}

void local_chat_backend::run_turn(const turn_request& request, turn_observer& observer,
                                  const std::stop_token& stop) {
  const auto sessions = actors::find<actors::sessions_actor>(*system_, actors::sessions_path);
  if (!sessions)
    return observer.on_refused(no_sessions());
  auto stoppable = request;
  stoppable.stop = stop;
  const auto mailbox = std::make_shared<turn_mailbox>();
  caf::anon_send(sessions, actors::turn_atom_v, std::move(stoppable),
                 actors::turn_observer_ref{std::make_shared<mailing_observer>(mailbox)});
  while (pass_on(mailbox->take(), observer)) {
    // Until its end.
  }
}

expected<void> local_chat_backend::decide(const std::string& approval,
                                          const approval_decision& decision) {
  const auto where =
      ask_sessions<session_name>(*system_, actors::approve_atom_v, approval, decision);
  return where ? expected<void>{} : where.error();
}

expected<session_view> local_chat_backend::look_up(const std::string& session) {
  return ask_sessions<session_view>(*system_, actors::lookup_atom_v, session_name{.id = session});
}

expected<std::vector<session_line>> local_chat_backend::sessions() {
  const auto heads = ask_sessions<std::vector<session_head>>(*system_, actors::list_atom_v,
                                                             session_query{.client = ""});
  if (!heads)
    return heads.error();
  std::vector<session_line> lines;
  std::ranges::transform(*heads, std::back_inserter(lines), session_line_of);
  return lines;
}

expected<std::vector<agent_info>> local_chat_backend::agents() {
  return agents_();
}

}  // namespace libagent::app
