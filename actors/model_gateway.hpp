#pragma once

/// All calls of models go through here: it chooses the moment, tries again, and keeps the books.

#include "actors/gateway_line.hpp"
#include "actors/model_flight.hpp"
#include "actors/model_reports.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/context_windows.hpp"
#include "libagent/models/model_gate.hpp"
#include "libagent/models/provider_settings.hpp"
#include "libagent/models/usage_ledger.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/ports/span_sink.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace libagent::actors {

/// A provider and the model that speaks with it.
struct model_provider {
  provider_settings settings;
  chat_model_ptr model;  ///< Never null.
};

struct model_gateway_options {
  std::vector<model_provider> providers;
  span_sink_ptr spans;  ///< Null: none are made.
  /// What is learned of the models' windows goes there, for sessions to read. Never null.
  std::shared_ptr<context_windows> windows = std::make_shared<context_windows>();
  /// What a client may spend in a day; 0: no limit. Empty: nobody has one. Any thread.
  std::function<usage_amount(std::string_view client)> client_budget;
  /// Whether the session keeper keeps what was spent; otherwise budgets begin anew with the actor.
  bool keeps_spending = false;
  std::uint64_t seed = 0;  ///< Of jitter and span ids; 0: random.
  /// The clock of the actor system, callable from any thread even when the system is gone; empty:
  /// the machine's.
  std::function<time_point()> now;
  std::function<unix_millis()> unix_time;  ///< Empty: the machine's.
};

/// **Messages**, from sessions:
/// - `call, order` and `embed, order`: the answer comes by the order's own callback, exactly once;
///   see `model_gate` for when and with which errors. Use `order_call` and `order_embedding`,
///   which keep that promise even when the gateway dies before it reads the message.
/// - `status` -> all providers.
///
/// From providers' threads `done, id, end`: an attempt ended. A message without data wakes it.
///
/// **Budgets**: an order under a budget that has no limit of reply tokens gets its model's
/// `reply_tokens_max`, because only what has a limit can be reserved. Attempts that were cut off
/// count with an estimate. What was spent outlives the process in the session store: it is read
/// before the first order under a budget of a day is admitted, and written behind, at most a second
/// later. After a kill the spending of that second is unknown, and calls that were under way count
/// with all that was reserved for them; an ordinary end loses nothing. While nothing can be read,
/// such orders are answered `unavailable`.
/// **Requests** are shared with the provider as they are when they name the provider's model, and
/// copied otherwise.
/// **Providers** are asked about themselves at the start, after an outage, and every minute while
/// they do not answer; slots become the limit where the settings have none.
/// **Mailbox**: unbounded in itself; queues behind it are bounded, and a handler takes a few
/// microseconds. **Timers**: one. It does not keep the actor alive.
/// **Failure**: orders under way are stopped and answered `unavailable`, and count with all that
/// was reserved for them. Restart kind: permanent.
class model_gateway_state {
public:
  static inline const char* name = "libagent.model_gateway";

  /// @pre `check` has nothing against the providers' settings.
  model_gateway_state(model_gateway_actor::pointer self, model_gateway_options options);
  model_gateway_state(const model_gateway_state&) = delete;
  model_gateway_state& operator=(const model_gateway_state&) = delete;
  model_gateway_state(model_gateway_state&&) = delete;
  model_gateway_state& operator=(model_gateway_state&&) = delete;
  ~model_gateway_state();

  [[nodiscard]] model_gateway_actor::behavior_type make_behavior();

private:
  void take_chat(model_order& order);
  void take_embedding(const embedding_order& order);
  [[nodiscard]] usage_payers payers_of(const model_order& order) const;
  [[nodiscard]] usage_payers payers_of(const embedding_order& order) const;
  void admit(const model_flight_ptr& flight, const gate_order& what, const std::stop_token& stop);
  [[nodiscard]] flight_plan plan_for(const resolved_model& found, const std::string& trace);
  void on_attempt_end(std::uint64_t id, chat_end& end);
  [[nodiscard]] attempt_end weigh(const model_flight& flight, chat_end& end) const;
  void finish(std::uint64_t id, chat_end end, std::uint64_t cost_micro);
  void answer(const model_flight_ptr& flight, chat_end end, std::uint64_t cost_micro);
  void perform(const gate_step& step);
  void wake();
  void settle();
  void arm_timer();
  void look_up(std::size_t provider);
  void look_up_due();
  void take_facts(std::size_t provider, const expected<chat_model_facts>& facts);
  void read_spending();
  void take_spending(const std::vector<kept_spending>& kept);
  void spending_unread(const error& why);
  void look_after_spending();
  void write_spending();
  void write_last_spending();
  void learn_window(const model_flight& flight, const chat_end& end);
  [[nodiscard]] models_status status() const;
  [[nodiscard]] instant now() const;

  model_gateway_actor::pointer self_;
  model_gateway_options options_;
  gateway_line_ptr line_;
  model_gate gate_;
  model_reports reports_;
  std::unordered_map<std::uint64_t, model_flight_ptr> flights_;
  std::unordered_map<std::uint64_t, std::uint64_t> spent_;  // by earlier attempts of a flight
  std::vector<std::optional<time_point>> look_up_at_;       // by provider
  std::optional<time_point> timer_due_;

  using waiting_order = std::variant<model_order, embedding_order>;
  std::vector<waiting_order> until_spending_known_;
  bool knows_spending_ = false;             // of the processes before
  bool writes_spending_ = false;            // the keeper has not answered yet
  std::optional<time_point> spending_due_;  // to be read, or written
};

using model_gateway_impl = model_gateway_actor::stateful_impl<model_gateway_state>;

/// Orders a call. `on_end` runs exactly once, whatever becomes of the gateway: `unavailable` when
/// there is none. Thread safety: any thread.
void order_call(const model_gateway_actor& gateway, model_order order);

/// As `order_call`.
void order_embedding(const model_gateway_actor& gateway, embedding_order order);

}  // namespace libagent::actors
