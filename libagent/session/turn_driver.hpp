#pragma once

/// The inside of `agent_loop`: one input of one turn, worked off.

#include "libagent/session/agent_loop.hpp"
#include "libagent/session/agent_toolset.hpp"
#include "libagent/session/context_window.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// What a turn knows beside the conversation; a crash may lose all of it.
struct turn_work {
  std::shared_ptr<const agent_declaration> agent;
  bool is_kept = true;
  bool in_one_piece = false;
  time_point deadline = time_point::max();

  std::uint64_t order = 0;          ///< Of the model's call that is waited for; 0: none.
  std::size_t summary_entries = 0;  ///< That the call is to summarise; 0: it is a step.
  bool is_last_step = false;
  bool streams = false;  ///< The observer hears the call's text from elsewhere.
  std::uint64_t prompt_bytes = 0;

  std::vector<std::string> running;  ///< Calls whose results are waited for.
  bool paused = false;
  std::optional<turn_ended> stopping;  ///< Waits for the model's call, to end like this.

  bool retried_empty = false;
  bool retried_arguments = false;
  bool retried_context = false;
  bool tried_summary = false;
  std::int64_t seed_shift = 0;
  std::optional<std::uint64_t> window;  ///< Learned from a refusal.
  std::optional<token_gauge> gauge;     ///< Learned from a refusal.

  bool asked_cache = false;
  std::string cache_key;      ///< Asked and not answered yet.
  std::string cache_to_fill;  ///< Missed: others may wait for it.
  std::string cache_outcome;
  std::vector<tool_call> client_calls;  ///< As the model wrote them.
};

/// Decides what follows on one input. Lives on the stack, for that input only.
class turn_driver {
public:
  turn_driver(conversation& history, const agent_environment& world,
              std::unique_ptr<turn_work>& work, std::uint64_t& next_order, moment at)
      : history_{&history}, world_{&world}, work_{&work}, next_order_{&next_order}, at_{at} {}

  /// @pre A turn is being worked on, but for `begin` and `resume`.
  void begin(turn_start start, std::shared_ptr<const agent_declaration> agent);
  void resume();
  void model_ended(model_outcome end);
  void tool_ended(std::string_view call, tool_outcome end);
  void cache_answered(const found_in_cache& found);
  void decided(std::string_view call, const approval_decision& decision);
  void stop(turn_ended how);
  void abandon(error why);

  /// What is to be done. Call it last.
  [[nodiscard]] loop_actions take();

private:
  // What happened, and what is to be done about it.
  void note(session_event event);
  void flush(bool must_be_stored);

  template <class Action>
  void act(Action action) {
    actions_.emplace_back(std::move(action));
  }

  [[nodiscard]] turn_work& work() const { return **work_; }

  [[nodiscard]] const open_turn& turn() const { return *history_->turn(); }

  [[nodiscard]] const turn_facts& facts() const { return turn().facts; }

  [[nodiscard]] const turn_limits& limits() const { return turn().terms.limits; }

  [[nodiscard]] agent_toolset toolset() const { return {*work().agent, *world_}; }

  [[nodiscard]] bool has_client_tools() const { return !turn().terms.client_tools.empty(); }

  // Calls of models: turn_driver_model.cpp
  void next_step();
  [[nodiscard]] std::optional<error> spent(std::uint64_t prompt_tokens) const;
  [[nodiscard]] bool is_last(std::uint64_t prompt_tokens) const;
  [[nodiscard]] context_room room(const std::vector<tool_definition>& tools) const;
  [[nodiscard]] chat_request request_for(const context_plan& plan, const context_room& room,
                                         std::vector<tool_definition> tools) const;
  [[nodiscard]] bool order_summary(const context_room& room);
  [[nodiscard]] bool asks_cache(const chat_request& request);
  void order(chat_request request, bool stream);
  void summary_ended(model_outcome end);
  void model_failed(model_outcome end);
  [[nodiscard]] bool tries_again(const model_outcome& end);
  void note_partial(chat_message so_far, std::uint64_t cost_micro);

  // Replies: turn_driver_reply.cpp
  void reply_came(chat_reply reply, std::uint64_t cost_micro);
  void nothing_came(step_taken step);
  void refuse_reply(step_taken step);
  void answer_came(step_taken step);
  void client_calls_came(step_taken step, std::vector<tool_call> calls);

  // Calls of tools: turn_driver_tools.cpp
  /// What becomes of a call that a model asked for.
  struct verdict {
    std::string call;
    resolved_call what;
    std::string refusal;  ///< Read by the model; empty: it may run.
  };

  void calls_came(step_taken step, std::vector<tool_call> calls);
  [[nodiscard]] std::vector<verdict> judge_all(std::vector<tool_call>& calls) const;
  [[nodiscard]] verdict judge(tool_call& call) const;
  void carry_out(const std::vector<verdict>& verdicts);
  void tell_result(const libagent::tool_ended& result);
  void reject(const std::string& call, const std::string& why);
  void start(const std::vector<std::string>& calls);
  void run(const recorded_call& call);
  void run_again(const recorded_call& call);
  void wait_or_go_on();
  void step_completed();
  [[nodiscard]] std::optional<error> repeats_failure() const;
  void hand_over_if_asked();
  void pause();

  // Ends: turn_driver.cpp
  void fail(error why);
  void end(turn_ended how);
  /// Only pure tools were used, all with success.
  [[nodiscard]] bool is_repeatable() const;
  [[nodiscard]] std::chrono::milliseconds time_left() const;
  [[nodiscard]] std::optional<std::uint64_t> cost_left() const;

  conversation* history_;
  const agent_environment* world_;
  std::unique_ptr<turn_work>* work_;
  std::uint64_t* next_order_;
  moment at_;
  loop_actions actions_;
  std::vector<std::string> pending_;  // Events that were folded and are not committed yet.
  std::uint64_t pending_first_ = 0;
};

}  // namespace libagent
