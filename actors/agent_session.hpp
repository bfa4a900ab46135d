#pragma once

#include "actors/cache_route.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/session_spans.hpp"
#include "actors/turn_channel.hpp"
#include "libagent/session/agent_loop.hpp"
#include "libagent/session/conversation.hpp"
#include "libagent/tools/agent_world.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent::actors {

/// What all sessions of a node share.
struct session_surroundings {
  std::function<unix_millis()> unix_time;
  bool has_store = false;
  cache_route cache;
  std::string node = "local";  ///< In the names of turns, which no other node may give.
  /// Of turns and their tools; null: none are made.
  // NOLINTNEXTLINE(readability-redundant-member-init): lets users of -Wextra leave it out
  std::shared_ptr<span_source> spans{};
};

/// Which conversation an actor is.
struct session_identity {
  std::uint64_t number = 0;  ///< Among those of this process.
  session_name name;         ///< An empty id: it is not kept, and ends with its turn.
};

/// One conversation: its single writer. Performs what the agent's loop decides.
///
/// **Messages**, from the sessions actor but for the ends: `turn` begins a turn, or joins the one
/// with the same key; `cancel`, `approve`, `lookup`; `wake` when the turn's deadline has passed.
/// `done` brings what a model, a tool or another agent came to.
/// **Failure**: what is stored is what it is restarted with. A turn that was open goes on by
/// itself; its observer is gone and hears nothing more. When the store fails the turn is ended,
/// and the actor with it: what it has in memory is not what is kept.
/// **Mailbox**: bounded by the turns that the sessions actor lets through, and by what these order.
class agent_session {
public:
  agent_session(agent_session_actor::pointer self,
                std::shared_ptr<const session_surroundings> around, session_identity identity,
                agent_world_ptr world);

  agent_session(const agent_session&) = delete;
  agent_session& operator=(const agent_session&) = delete;
  agent_session(agent_session&&) = delete;
  agent_session& operator=(agent_session&&) = delete;
  /// Stops what is under way, and lets go of the observer.
  ~agent_session();

  [[nodiscard]] agent_session_actor::behavior_type make_behavior();

  static inline const char* name = "libagent.session";

private:
  using then = std::function<void()>;

  /// A tool's task, or an agent that was asked.
  struct tool_under_way {
    std::stop_source stop;
    time_point began;
    std::string name;
    std::unique_ptr<open_span> span;  ///< Null: none is made.
  };

  /// The duty to say what a cached answer came to.
  struct cache_lease {
    cache_actor cache;
    cache_name name;
    std::uint64_t token = 0;  ///< 0: there is none.
  };

  /// What only exists while a turn is under way.
  struct turn_work {
    explicit turn_work(turn_observer_ptr observer)
        : channel{std::make_shared<turn_channel>(std::move(observer))} {}

    std::shared_ptr<turn_channel> channel;
    std::deque<loop_action> actions;
    bool waits_for_store = false;
    std::string client;
    cache_lease cache;
    std::map<std::uint64_t, std::stop_source> models;
    std::map<std::string, tool_under_way, std::less<>> tools;
    std::unique_ptr<std::stop_callback<then>> on_stop;
  };

  // Turns.
  void load();
  void take_stored(const stored_session& stored);
  void ready();
  void when_ready(then action);
  void rest();  ///< Takes less memory while no turn is under way.
  void turn(const turn_request& request, const turn_observer_ref& who,
            const agent_world_ptr& world);
  void begin(turn_request request, const turn_observer_ptr& observer);
  void join_open_turn(const turn_request& request, const turn_observer_ptr& observer);
  void watch(const turn_observer_ptr& observer);
  void go_on();
  void approve(const std::string& id, const approval_decision& decision,
               caf::typed_response_promise<void> answer);
  void follow(const std::stop_token& stop);
  void turn_is_over();
  void give_up(const error& why);
  [[nodiscard]] moment at() const;

  [[nodiscard]] bool is_kept() const { return !identity_.name.id.empty(); }

  [[nodiscard]] session_view view() const;

  // Actions.
  void perform(loop_actions actions);
  void perform_queued();
  tool_under_way& note_tool(const std::string& call, const std::string& tool,
                            const std::string& input, std::string& trace);
  void end_span_of_tool(const std::string& call, const tool_under_way& tool,
                        const expected<std::string>& output) const;
  void end_span_of_turn(const turn_result& result);
  void act(const commit_events& action);
  void not_stored(const error& failure);
  void act(order_model& action);
  void act(const stop_model& action);
  void act(libagent::run_tool& action);
  void act(ask_agent& action);
  void act(const stop_tool& action);
  void act(const ask_cache& action);
  void act(const fill_cache& action);
  void act(const tell& action);
  void act(const hand_over& action);
  void act(const set_deadline& action);
  void act(pause_turn& action);
  void act(end_turn& action);
  void order_from_gateway(order_model& action, const std::stop_token& stop);
  void order_from_actor(const order_model& action, const std::stop_token& stop);

  // Ends.
  void model_ended(std::uint64_t order, model_end& ended);
  void tool_ended(const std::string& call, const task_record& record);
  void agent_ended(const std::string& call, const turn_result& result);

  agent_session_actor::pointer self_;
  std::shared_ptr<const session_surroundings> around_;
  session_identity identity_;
  agent_world_ptr world_;
  conversation history_;
  std::unique_ptr<agent_loop> loop_;  ///< While a turn is open.
  std::unique_ptr<open_span> span_;   ///< Of that turn; null: none is made.
  std::unique_ptr<turn_work> work_;   ///< While it is under way, not while it waits for a person.
  std::unique_ptr<std::vector<then>> until_loaded_;  ///< Null: it is loaded.
};

using agent_session_impl = agent_session_actor::stateful_impl<agent_session>;

}  // namespace libagent::actors
